/** A page of the extension inside another page, for the moment it takes to pass a port on to the engine. */
import type { ConnectRequest } from '../common/messages';
import { connectViewer } from './connect-viewer';

window.addEventListener('message', ({ data, ports }: MessageEvent<ConnectRequest>) => {
  const [viewer, told] = ports;
  if (viewer === undefined || told === undefined) return;
  connectViewer(viewer, data.ticket).then(
    () => told.postMessage(null),
    (error: unknown) => told.postMessage(error instanceof Error ? error.message : String(error)),
  );
});
