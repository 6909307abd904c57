import { FilterError } from '../errors';
import { PROTOCOL_VERSION, type WorkerHello } from './protocol';

const START_LIMIT_MS = 15_000;

/** Somewhere an engine runs. */
export interface EngineHost {
  readonly place: 'worker' | 'page';
  readonly port: MessagePort;
  /** The canvas as the engine gets it: given away to a worker, undefined where the engine draws on it directly. */
  readonly offscreen: OffscreenCanvas | undefined;
  /** Ends it at once. Idempotent. */
  stop(): void;
}

/** Settings of {@link startHost}. */
export interface HostOptions {
  readonly place: 'auto' | 'page';
  readonly workerUrl: string | undefined;
  /** Canvas to draw on; undefined lets the engine make its own. */
  readonly canvas: HTMLCanvasElement | undefined;
  readonly onWarning: (warning: FilterError) => void;
}

/** Starts an engine in a worker, or on the page where a worker cannot be had, which is said as a warning. */
export async function startHost({ place, workerUrl, canvas, onWarning }: HostOptions): Promise<EngineHost> {
  if (place === 'page') return startOnPage(canvas);
  try {
    const worker = await startWorker(workerUrl);
    const { port1, port2 } = new MessageChannel();
    worker.postMessage(port2, [port2]);
    return { place: 'worker', port: port1, offscreen: canvas?.transferControlToOffscreen(), stop: () => worker.terminate() };
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    onWarning(new FilterError('worker-unavailable', `The engine runs on the page, because its worker could not be used (${reason}). Check that engine-worker.js is served, or set options.workerUrl.`, { stage: 'load', cause }));
    return startOnPage(canvas);
  }
}

async function startOnPage(canvas: HTMLCanvasElement | undefined): Promise<EngineHost> {
  const { serveEngine } = await import('./serve-engine');
  const { port1, port2 } = new MessageChannel();
  serveEngine(port2, canvas);
  return { place: 'page', port: port1, offscreen: undefined, stop: () => undefined };
}

async function startWorker(workerUrl: string | undefined): Promise<Worker> {
  if (typeof HTMLCanvasElement.prototype.transferControlToOffscreen !== 'function') throw new Error('the browser has no OffscreenCanvas');
  const worker = makeWorker(workerUrl);
  try {
    await helloOf(worker);
    return worker;
  } catch (error) {
    worker.terminate();
    throw error;
  }
}

function makeWorker(workerUrl: string | undefined): Worker {
  // Bundlers recognise exactly this form and bring the worker along.
  if (workerUrl === undefined && isSameOrigin(import.meta.url)) return new Worker(new URL('./engine-worker.js', import.meta.url), { type: 'module' });
  const url = new URL(workerUrl ?? new URL('./engine-worker.js', import.meta.url).href, location.href);
  if (isSameOrigin(url.href)) return new Worker(url, { type: 'module' });
  // A worker must be of the page's origin, but it may import from another one that allows it.
  const blobUrl = URL.createObjectURL(new Blob([`import ${JSON.stringify(url.href)};`], { type: 'text/javascript' }));
  try {
    return new Worker(blobUrl, { type: 'module' });
  } finally {
    setTimeout(() => URL.revokeObjectURL(blobUrl), START_LIMIT_MS);
  }
}

function isSameOrigin(url: string): boolean {
  return new URL(url, location.href).origin === location.origin;
}

function helloOf(worker: Worker): Promise<void> {
  return new Promise((resolve, reject) => {
    const limit = setTimeout(() => settle('it did not answer'), START_LIMIT_MS);
    const settle = (problem: string | null): void => {
      clearTimeout(limit);
      worker.onmessage = worker.onerror = null;
      if (problem === null) resolve();
      else reject(new Error(problem));
    };
    worker.onerror = (event) => settle(event.message || 'its script could not be loaded');
    worker.onmessage = ({ data }: MessageEvent<WorkerHello>) => settle(data.hello === PROTOCOL_VERSION ? data.obstacle : 'it is of another version of the library');
  });
}
