/** Worker entry: `new Worker(url, { type: 'module' })`, then one message with the port to serve. */

import { PROTOCOL_VERSION, type WorkerHello } from './protocol';
import { serveEngine } from './serve-engine';

addEventListener(
  'message',
  (event: MessageEvent<MessagePort>) => {
    serveEngine(event.data);
  },
  { once: true },
);

const obstacle = typeof OffscreenCanvas === 'undefined' || typeof WebGL2RenderingContext === 'undefined' ? 'this worker has no OffscreenCanvas with WebGL2' : null;
const hello: WorkerHello = { hello: PROTOCOL_VERSION, obstacle };
postMessage(hello);
