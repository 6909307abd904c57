/** Starts and ends the engine's document, and passes ports and settings on to it. Keeps nothing that may not be lost. */
import type { ConnectedViewer, ConnectRequest, RuntimeMessage, Ticket } from '../common/messages';
import { readSettings, watchSettings } from '../common/settings';
import type { ExtensionWorker } from './worker-scope';

const worker = globalThis as unknown as ExtensionWorker;
/** How long after a viewer was passed on the engine may not be closed: the message about it may still be on its way. */
const SETTLE_MS = 2000;

const tickets = new Set<string>();
let lastViewerMs = -Infinity;
let starting: Promise<void> | undefined;

async function startEngine(): Promise<void> {
  if (await chrome.offscreen.hasDocument()) return;
  starting ??= chrome.offscreen.createDocument({
    url: 'offscreen.html',
    reasons: ['USER_MEDIA'],
    justification: 'Opens the camera and restyles its picture, also while the page that shows it is hidden.',
  });
  try {
    await starting;
  } finally {
    starting = undefined;
  }
}

async function issueTicket(): Promise<Ticket> {
  const ticket = crypto.randomUUID();
  tickets.add(ticket);
  await startEngine();
  return { ticket };
}

async function closeEngine(): Promise<void> {
  if (tickets.size === 0 && Date.now() - lastViewerMs > SETTLE_MS && (await chrome.offscreen.hasDocument())) await chrome.offscreen.closeDocument();
}

async function connect({ ticket }: ConnectRequest, port: MessagePort, fromUrl: string): Promise<void> {
  const popup = fromUrl === chrome.runtime.getURL('popup.html');
  if (!popup && (ticket === undefined || !tickets.delete(ticket))) return port.close();
  lastViewerMs = Date.now();
  await startEngine();
  const settings = await readSettings();
  const pages = await worker.clients.matchAll({ type: 'window', includeUncontrolled: true });
  const engine = pages.find(({ url }) => url === chrome.runtime.getURL('offscreen.html'));
  engine?.postMessage({ viewer: popup ? 'popup' : 'page', settings } satisfies ConnectedViewer, [port]);
}

worker.addEventListener('message', (event) => {
  const port = event.ports[0];
  if (port !== undefined && event.source !== null) event.waitUntil(connect(event.data as ConnectRequest, port, event.source.url));
});

chrome.runtime.onMessage.addListener((message, _sender, answer) => {
  const { type } = message as RuntimeMessage;
  if (type === 'engine-idle') void closeEngine();
  if (type !== 'open-camera') return undefined;
  issueTicket().then(answer, (error: unknown) => console.error(error));
  return true; // the answer comes later
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
