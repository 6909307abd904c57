// The one place that knows onnxruntime-web.
import * as ort from 'onnxruntime-web/webgpu';
import { Lifetime } from '../engine/lifetime';
import { SerialQueue } from '../engine/serial-queue';
import { FilterError } from '../errors';
import type { NumberArray } from '../types';

/** A network's input or output. */
export type Tensor = ort.Tensor;
/** Inputs or outputs by name. */
export type Tensors = Readonly<Record<string, Tensor>>;

/** A network ready to run. */
export interface OrtSession {
  /** Runs the network once; runs of all sessions follow one another. The caller disposes the outputs. */
  run(inputs: Tensors): Promise<Tensors>;
  /** Frees the network. Idempotent. */
  close(): Promise<void>;
}

/** What to run a network on: a GPU device, or null for WebAssembly. */
export type SessionDevice = GPUDevice | null;

const MAX_THREADS = 4;
const LOG_ERRORS = 3;
/** Bytes that the runtime wants the size of a GPU buffer to be a multiple of. */
const GPU_ALIGNMENT = 16;

// The runtime has one WebAssembly instance per page or worker, and that instance bears one call at a time.
const calls = new SerialQueue();

/**
 * Threads that a WebAssembly session uses here: 1 unless the page is cross-origin isolated, and 1 on the page itself,
 * because the runtime's threads end only with the worker it runs in.
 */
export function wasmThreads(): number {
  const mayThread = globalThis.crossOriginIsolated && typeof document === 'undefined';
  return mayThread ? Math.max(1, Math.min(MAX_THREADS, navigator.hardwareConcurrency)) : 1;
}

/**
 * Makes a session of a model's bytes; the bytes are not needed afterwards.
 * @param model The ONNX file.
 * @param device Where to run it.
 * @param wasmBase Folder with the runtime's `.mjs` and `.wasm` files.
 * @throws FilterError `asset-missing` when the runtime itself cannot be loaded; else whatever the runtime throws, and the caller gives it a meaning.
 */
export async function createSession(model: Uint8Array, device: SessionDevice, wasmBase: string | URL): Promise<OrtSession> {
  const base = new URL(wasmBase, globalThis.location.href).href;
  ort.env.wasm.wasmPaths = base;
  ort.env.wasm.numThreads = wasmThreads();
  ort.env.logLevel = 'error';
  const options: ort.InferenceSession.SessionOptions = {
    executionProviders: [device ? { name: 'webgpu', device } : { name: 'wasm' }],
    graphOptimizationLevel: 'all',
    logSeverityLevel: LOG_ERRORS,
  };
  // A call whose device is lost on the way may never end, and must not hold up those behind it.
  const call = <Result>(work: () => Promise<Result>): Promise<Result> => calls.add(() => (device ? Promise.race([work(), failWhenLost(device)]) : work()));
  const session = await call(() => ort.InferenceSession.create(model, options)).catch((cause: unknown) => {
    throw isLoadFailure(cause) ? runtimeMissing(base, cause) : cause;
  });
  const owner = {
    run: (inputs: Tensors) =>
      call(() => {
        lifetime.assertOpen();
        return session.run(inputs);
      }),
    close: async () => {
      if (lifetime.close()) await call(() => session.release());
    },
  };
  const lifetime = new Lifetime(owner, 'network session');
  return owner;
}

/** Wraps arrays by name as tensors, like {@link floatTensor}. */
export function tensorsOf(arrays: Readonly<Record<string, NumberArray>>): Tensors {
  return Object.fromEntries(Object.entries(arrays).map(([name, { data, shape }]) => [name, floatTensor(data, shape)]));
}

async function failWhenLost(device: GPUDevice): Promise<never> {
  const { message } = await device.lost;
  throw new Error(`the graphics device was lost (${message || 'no reason given'})`);
}

/** Wraps numbers as a tensor; the numbers are borrowed, not copied. */
export function floatTensor(data: Float32Array, shape: readonly number[]): Tensor {
  return new ort.Tensor('float32', data, shape);
}

/** A tensor in a GPU buffer of its own, to be written to; disposing it frees the buffer. */
export function gpuTensor(device: GPUDevice, shape: readonly number[]): { readonly tensor: Tensor; write(data: Float32Array): void } {
  const bytes = Float32Array.BYTES_PER_ELEMENT * shape.reduce((product, edge) => product * edge, 1);
  const buffer = device.createBuffer({
    label: 'StyleFilter style input',
    size: GPU_ALIGNMENT * Math.ceil(bytes / GPU_ALIGNMENT),
    usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST,
  });
  const tensor = ort.Tensor.fromGpuBuffer(buffer, { dataType: 'float32', dims: [...shape], dispose: () => buffer.destroy() });
  return { tensor, write: (data) => device.queue.writeBuffer(buffer, 0, data as Float32Array<ArrayBuffer>) };
}

function isLoadFailure(cause: unknown): boolean {
  return cause instanceof Error && /no available backend found/i.test(cause.message);
}

// The runtime remembers the failure: this page or worker gets no second try.
function runtimeMissing(base: string, cause: unknown): FilterError {
  return new FilterError(
    'asset-missing',
    `The network runtime could not be loaded from ${base} (${String((cause as Error).message)}). Check that options.assetBase points at the folder that holds the library's assets, then load the page again.`,
    { stage: 'load', fatal: true, cause },
  );
}
