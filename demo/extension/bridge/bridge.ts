/** A page of the extension inside another page, for the time it takes to pass a port on to the engine. */
import type { ConnectRequest } from '../common/messages';
import { connectViewer } from './connect-viewer';

window.addEventListener('message', ({ data, ports }: MessageEvent<ConnectRequest>) => {
  const [viewer, told] = ports;
  if (viewer === undefined || told === undefined) return;
  connectViewer(viewer, told, data.ticket).catch((error: unknown) => told.postMessage(error instanceof Error ? error.message : String(error)));
});
