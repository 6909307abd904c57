/** The only file that imports MediaPipe: loads its runtime once and makes tasks from it. */

import { FaceDetector, FaceLandmarker } from '@mediapipe/tasks-vision';
import { FilterError } from '../errors';

/** Where MediaPipe runs its networks: `gpu` pays only on a real GPU. */
export type TrackDelegate = 'cpu' | 'gpu';

/** `video`: frames follow one another, and a face is sought near its last place. `still`: each frame stands alone. */
export type TrackMode = 'video' | 'still';

/** A task of MediaPipe's together with the WebGL context it uploads frames through. */
export interface MediaPipeTask<Task> {
  readonly task: Task;
  readonly delegate: TrackDelegate;
  /** Frees the WASM heap and the context. Idempotent. */
  close(): void;
}

/** Settings of a landmarker. */
export interface LandmarkerOptions {
  readonly delegate: TrackDelegate;
  readonly mode: TrackMode;
  /** 1 or more. */
  readonly numFaces: number;
  /** Whether expressions are computed, which not every bundle can. */
  readonly blendshapes: boolean;
  /** Whether the pose of heads is computed, which not every bundle can. */
  readonly matrices: boolean;
}

/** MediaPipe's WASM, fetched and compiled once for all its tasks. */
export interface MediaPipe {
  /**
   * A face landmarker; on `cpu` if it does not start on `gpu`.
   * In video mode and with `numFaces` above 1, frames that show fewer faces cost a run of the detector each.
   */
  createLandmarker(bundle: Uint8Array, options: LandmarkerOptions): Promise<MediaPipeTask<FaceLandmarker>>;
  /** A face detector in video mode, on the processor. */
  createDetector(model: Uint8Array): Promise<MediaPipeTask<FaceDetector>>;
}

type Module = Record<string, unknown>;
type ModuleFactory = (module: Module) => Promise<unknown>;
interface LoaderGlobals {
  /** Where MediaPipe's JavaScript looks for the loader. */
  ModuleFactory?: ModuleFactory | undefined;
  /** The loader's own name for its log. */
  custom_dbg?: () => void;
}

const LOADER = 'vision_wasm_module_internal';

/** MediaPipe's log: a dozen lines at each start, and failures, which are thrown as well. */
function ignoreLog(): void {
  // The page's console belongs to the page.
}

/**
 * Fetches and compiles MediaPipe's WASM.
 * @param wasmBase Folder of `vision_wasm_module_internal.{js,wasm}`, as an absolute URL.
 * @throws FilterError `asset-missing` or `aborted`.
 */
export async function loadMediaPipe(wasmBase: string, signal?: AbortSignal): Promise<MediaPipe> {
  const url = `${wasmBase.replace(/\/$/, '')}/${LOADER}`;
  let factory: ModuleFactory;
  let compiled: WebAssembly.Module;
  try {
    const request = fetch(`${url}.wasm`, signal === undefined ? {} : { signal });
    const [loaded, module] = await Promise.all([
      import(/* @vite-ignore */ `${url}.js`) as Promise<{ default: ModuleFactory }>,
      compile(request),
    ]);
    factory = loaded.default;
    compiled = module;
  } catch (cause) {
    if (signal?.aborted === true) {
      throw new FilterError('aborted', 'Loading the face tracker was aborted.', { stage: 'load', cause });
    }
    throw new FilterError(
      'asset-missing',
      `The face tracker's WASM could not be loaded from ${url}.{js,wasm}; serve MediaPipe's WASM files there or set options.assetBase.`,
      { stage: 'load', fatal: true, cause },
    );
  }
  (globalThis as LoaderGlobals).custom_dbg = ignoreLog;

  return {
    async createLandmarker(bundle, { delegate, mode, numFaces, blendshapes, matrices }) {
      const startOn = (chosen: TrackDelegate) =>
        startTask(factory, compiled, chosen, (canvas) =>
          FaceLandmarker.createFromOptions(FILES, {
            baseOptions: { modelAssetBuffer: bundle, delegate: chosen === 'gpu' ? 'GPU' : 'CPU' },
            canvas,
            runningMode: mode === 'video' ? 'VIDEO' : 'IMAGE',
            numFaces,
            outputFaceBlendshapes: blendshapes,
            outputFacialTransformationMatrixes: matrices,
          }),
        );
      if (delegate === 'cpu') return startOn('cpu');
      return startOn('gpu').catch(() => startOn('cpu'));
    },
    createDetector: (model) =>
      startTask(factory, compiled, 'cpu', (canvas) =>
        FaceDetector.createFromOptions(FILES, {
          baseOptions: { modelAssetBuffer: model, delegate: 'CPU' },
          canvas,
          runningMode: 'VIDEO',
        }),
      ),
  };
}

/** Nothing is left for MediaPipe to load: left to itself it adds a script element to the page for each task. */
const FILES = { wasmLoaderPath: '', wasmBinaryPath: '' };

async function compile(request: Promise<Response>): Promise<WebAssembly.Module> {
  const response = await request;
  if (!response.ok) throw new Error(`HTTP ${response.status}`);
  // Streaming insists on the type, which not every server knows.
  const isWasm = response.headers.get('Content-Type')?.startsWith('application/wasm') === true;
  return isWasm ? WebAssembly.compileStreaming(response) : WebAssembly.compile(await response.arrayBuffer());
}

async function startTask<Task extends { close(): void }>(
  factory: ModuleFactory,
  compiled: WebAssembly.Module,
  delegate: TrackDelegate,
  create: (canvas: OffscreenCanvas) => Promise<Task>,
): Promise<MediaPipeTask<Task>> {
  const canvas = new OffscreenCanvas(1, 1);
  const globals = globalThis as LoaderGlobals;
  const before = globals.ModuleFactory;
  globals.ModuleFactory = (module) =>
    factory({
      ...module,
      print: ignoreLog,
      printErr: ignoreLog,
      instantiateWasm(imports: WebAssembly.Imports, done: (instance: WebAssembly.Instance) => void) {
        void WebAssembly.instantiate(compiled, imports).then(done);
        return {};
      },
    });
  let creation: Promise<Task>;
  try {
    creation = create(canvas);
  } finally {
    // The factory is read before the first await, so the global need not be ours any longer.
    globals.ModuleFactory = before;
  }
  let task: Task;
  try {
    task = await creation;
  } catch (cause) {
    loseContext(canvas);
    throw new FilterError(
      'asset-corrupt',
      'The face tracker did not start from its model bundle; the file may be damaged or not a face landmarker bundle.',
      { stage: 'load', fatal: true, cause },
    );
  }
  let closed = false;
  return {
    task,
    delegate,
    close() {
      if (closed) return;
      closed = true;
      task.close();
      loseContext(canvas);
    },
  };
}

/** The context is MediaPipe's and would live until the canvas is collected; browsers allow few at a time. */
function loseContext(canvas: OffscreenCanvas): void {
  canvas.getContext('webgl2')?.getExtension('WEBGL_lose_context')?.loseContext();
}
