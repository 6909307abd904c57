/** Passes ports and settings on to the engine, and starts and ends its document. Keeps nothing that may not be lost. */
import type { ConnectRequest, RuntimeMessage, Ticket } from '../common/messages';
import { readSettings, watchSettings } from '../common/settings';
import { EngineDocument } from './engine-document';
import type { ClientMessageEvent, ExtensionWorker } from './worker-scope';

const worker = globalThis as unknown as ExtensionWorker;
const ENGINE_URL = chrome.runtime.getURL('offscreen.html');

const engine = new EngineDocument({
  exists: () => chrome.offscreen.hasDocument(),
  open: () => chrome.offscreen.createDocument({
    url: 'offscreen.html',
    reasons: ['USER_MEDIA'],
    justification: 'Opens the camera and restyles its picture, also while the page that shows it is hidden.',
  }),
  close: () => chrome.offscreen.closeDocument(),
  find: async () => (await worker.clients.matchAll({ type: 'window', includeUncontrolled: true })).find(({ url }) => url === ENGINE_URL),
});

const tickets = new Set<string>();

function issueTicket(): Ticket {
  const ticket = crypto.randomUUID();
  tickets.add(ticket);
  return { ticket };
}

async function connect({ data, ports, source }: ClientMessageEvent): Promise<void> {
  const [port, told] = ports;
  if (port === undefined || told === undefined) return;
  const { ticket } = data as ConnectRequest;
  const popup = source?.url === chrome.runtime.getURL('popup.html');
  try {
    if (!popup && (ticket === undefined || !tickets.delete(ticket))) throw new Error('The StyleFilter Camera does not know who is asking for it; try again.');
    await engine.connect(async () => ({ id: ticket ?? crypto.randomUUID(), viewer: popup ? 'popup' : 'page', settings: await readSettings() }), [port, told]);
  } catch (error) {
    told.postMessage(error instanceof Error ? error.message : String(error));
    port.close();
  }
}

worker.addEventListener('message', (event) => event.waitUntil(connect(event)));

chrome.runtime.onMessage.addListener((message, _sender, answer) => {
  const request = message as RuntimeMessage;
  if (request.type === 'open-camera') answer(issueTicket());
  if (request.type === 'engine-idle') engine.closeIdle(request.newest).catch((error: unknown) => console.error(error));
  return undefined;
});

watchSettings((settings) => {
  const pass = async (): Promise<void> => {
    if (await chrome.offscreen.hasDocument()) await chrome.runtime.sendMessage({ type: 'settings', settings } satisfies RuntimeMessage);
  };
  void pass().catch((error: unknown) => console.error(error));
});

chrome.runtime.onInstalled.addListener(({ reason }) => {
  if (reason === 'install') void chrome.tabs.create({ url: 'camera-access.html' });
});
