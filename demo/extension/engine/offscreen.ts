/** The engine's own document: out of sight, of the extension's origin, and not put to sleep with the page that watches. */
import type { ConnectedViewer, RuntimeMessage } from '../common/messages';
import { DEFAULT_SETTINGS } from '../common/settings';
import { CameraEngine } from './camera-engine';

/** How long the loaded filter is kept for whoever comes next; the camera itself is closed at once. */
const KEEP_MS = 15_000;

let closing: ReturnType<typeof setInterval> | undefined;
let newest: string | undefined;

const engine = new CameraEngine(DEFAULT_SETTINGS, () => {
  clearInterval(closing);
  closing = setInterval(() => {
    // The service worker may have sent somebody here who has not arrived; then it does not close this document yet.
    void chrome.runtime.sendMessage({ type: 'engine-idle', newest } satisfies RuntimeMessage);
  }, KEEP_MS);
});

navigator.serviceWorker.addEventListener('message', ({ data, ports }: MessageEvent<ConnectedViewer>) => {
  const [port, told] = ports;
  if (port === undefined || told === undefined) return;
  clearInterval(closing);
  newest = data.id;
  engine.change(data.settings);
  engine.add(data.viewer, port);
  told.postMessage(null);
});
navigator.serviceWorker.startMessages();

chrome.runtime.onMessage.addListener((message) => {
  const request = message as RuntimeMessage;
  if (request.type === 'settings') engine.change(request.settings);
  return undefined;
});
