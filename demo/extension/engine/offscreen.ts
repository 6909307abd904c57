/** The engine's own document: out of sight, of the extension's origin, and not put to sleep with the page that watches. */
import type { ConnectedViewer, RuntimeMessage } from '../common/messages';
import { DEFAULT_SETTINGS } from '../common/settings';
import { CameraEngine } from './camera-engine';

/** How long the loaded filter is kept for whoever comes next; the camera itself is closed at once. */
const KEEP_MS = 15_000;

let closing: ReturnType<typeof setInterval> | undefined;

const engine = new CameraEngine(DEFAULT_SETTINGS, () => {
  clearInterval(closing);
  closing = setInterval(() => {
    // The service worker may be in the middle of sending somebody here; then it does not close this document yet.
    void chrome.runtime.sendMessage({ type: 'engine-idle' } satisfies RuntimeMessage);
  }, KEEP_MS);
});

navigator.serviceWorker.addEventListener('message', ({ data, ports }: MessageEvent<ConnectedViewer>) => {
  const port = ports[0];
  if (port === undefined) return;
  clearInterval(closing);
  engine.change(data.settings);
  engine.add(data.viewer, port);
});
navigator.serviceWorker.startMessages();

chrome.runtime.onMessage.addListener((message) => {
  const request = message as RuntimeMessage;
  if (request.type === 'settings') engine.change(request.settings);
  return undefined;
});
