/** The only file that touches MediaPipe: makes a FaceLandmarker and nothing else. */

import { FaceLandmarker } from '@mediapipe/tasks-vision';
import { FilterError } from '../errors';
import { hasBlendshapes } from './load-face-model';

/** Where MediaPipe runs its networks: `gpu` pays only on a real GPU. */
export type TrackDelegate = 'cpu' | 'gpu';

/** What a {@link Landmarker} is made of. */
export interface LandmarkerInit {
  /** Folder of `vision_wasm_module_internal.{js,wasm}`, as an absolute URL. */
  readonly wasmBase: string;
  /** The `.task` bundle. */
  readonly modelBytes: Uint8Array;
  readonly delegate: TrackDelegate;
  /** 1 or more. More than 1 makes the detector run on every frame that shows fewer. */
  readonly numFaces: number;
}

/** A FaceLandmarker in video mode, with the canvas it uploads through. */
export interface Landmarker {
  readonly landmarker: FaceLandmarker;
  readonly delegate: TrackDelegate;
  /** Frees the WASM heap and the WebGL context. Idempotent. */
  close(): void;
}

type ModuleFactory = (module: Record<string, unknown>) => Promise<unknown>;

const LOADER = 'vision_wasm_module_internal';

/** MediaPipe's log lines begin with their level and the date; only errors (E, F) are worth passing on. */
const BELOW_ERROR = /^(?:[IWV]\d{4} |INFO|WARNING)/;

function logErrors(line: unknown): void {
  const text = String(line);
  if (!BELOW_ERROR.test(text)) console.warn(`StyleFilter, face tracker: ${text}`);
}

async function importFactory(wasmBase: string): Promise<ModuleFactory> {
  const url = `${wasmBase.replace(/\/$/, '')}/${LOADER}.js`;
  try {
    const loaded = (await import(/* @vite-ignore */ url)) as { default: ModuleFactory };
    // The loader defines this global as its log.
    (globalThis as { custom_dbg?: (line: unknown) => void }).custom_dbg = logErrors;
    return loaded.default;
  } catch (cause) {
    throw new FilterError(
      'asset-missing',
      `The face tracker's WASM loader could not be imported from ${url}; serve MediaPipe's WASM files there or set options.assetBase.`,
      { stage: 'load', fatal: true, cause },
    );
  }
}

/** Makes a landmarker; falls back from `gpu` to `cpu` if the GPU delegate does not start. */
export async function createLandmarker(init: LandmarkerInit): Promise<Landmarker> {
  const factory = await importFactory(init.wasmBase);
  try {
    return await start(init, factory, init.delegate);
  } catch (cause) {
    if (init.delegate === 'cpu') throw startError(cause);
  }
  try {
    return await start(init, factory, 'cpu');
  } catch (cause) {
    throw startError(cause);
  }
}

function startError(cause: unknown): FilterError {
  return new FilterError(
    'asset-corrupt',
    'The face tracker did not start from its model bundle; the file may be damaged or not a face landmarker bundle.',
    { stage: 'load', fatal: true, cause },
  );
}

async function start(
  { wasmBase, modelBytes, numFaces }: LandmarkerInit,
  factory: ModuleFactory,
  delegate: TrackDelegate,
): Promise<Landmarker> {
  const canvas = new OffscreenCanvas(1, 1);
  // MediaPipe looks for a global factory and would otherwise add a script element to the page.
  // Its creation reads the global before its first await, so the global is ours for this line only.
  const scope = globalThis as { ModuleFactory?: ModuleFactory | undefined };
  const before = scope.ModuleFactory;
  scope.ModuleFactory = (module) =>
    factory({ ...module, print: () => undefined, printErr: logErrors });
  let creation: Promise<FaceLandmarker>;
  try {
    creation = FaceLandmarker.createFromOptions(
      { wasmLoaderPath: '', wasmBinaryPath: `${wasmBase.replace(/\/$/, '')}/${LOADER}.wasm` },
      {
        baseOptions: {
          modelAssetBuffer: modelBytes,
          delegate: delegate === 'gpu' ? 'GPU' : 'CPU',
        },
        canvas,
        runningMode: 'VIDEO',
        numFaces,
        outputFaceBlendshapes: hasBlendshapes(modelBytes),
      },
    );
  } finally {
    scope.ModuleFactory = before;
  }
  const landmarker = await creation;
  let closed = false;
  return {
    landmarker,
    delegate,
    close() {
      if (closed) return;
      closed = true;
      landmarker.close();
      // The context is MediaPipe's: without this it lives until the canvas is collected.
      canvas.getContext('webgl2')?.getExtension('WEBGL_lose_context')?.loseContext();
    },
  };
}
