import { chooseModel, type Quality } from '../assets/choose-model';
import type { ModelEntry } from '../assets/manifest';
import type { ModelStore } from '../assets/model-store';
import type { StylePack } from '../assets/style-pack';
import { FilterError } from '../errors';
import type { LoadProgress } from '../options';
import type { Backend } from '../types';
import { createGenerator, type Generator } from './generator';
import { requestGpu, type GpuHandle } from './gpu-device';
import { createStyleCodes, type StyleCodes } from './style-codes';

/** A generator with the style codes of the same model. */
export interface LoadedGenerator {
  readonly model: ModelEntry;
  readonly generator: Generator;
  readonly codes: StyleCodes;
  /** Frees both. Idempotent. */
  close(): Promise<void>;
}

/** What {@link loadGenerator} works with. */
export interface LoadGeneratorOptions {
  readonly store: ModelStore;
  readonly pack: StylePack;
  /** `auto`: WebGPU on a graphics card, else WebAssembly. `webgpu` fails where it cannot be had; software adapters count. */
  readonly backend: Backend | 'auto';
  readonly quality: Quality;
  /** Whether WebGL draws in software (the compositor knows); decides for GPU adapters that hide their name. Default true. */
  readonly isGlSoftware?: boolean | undefined;
  /** Folder with the runtime's files. */
  readonly ortWasmBase: string | URL;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: LoadProgress) => void) | undefined;
  /** Hears why `auto` fell back to WebAssembly though there is a graphics card. */
  readonly onWarning?: ((warning: FilterError) => void) | undefined;
  /** Called once if the GPU device is lost. Load again with backend `wasm`. */
  readonly onLost?: ((error: FilterError) => void) | undefined;
}

/**
 * Chooses backend and model, loads the model and starts it. `auto` falls back to WebAssembly when the GPU fails its self-test.
 * @throws FilterError `backend-unavailable`, `model-self-test` (fatal: no backend computes right) and those of {@link ModelStore.load}.
 */
export async function loadGenerator(options: LoadGeneratorOptions): Promise<LoadedGenerator> {
  const gpu = await findGpu(options);
  if (!gpu) return await start(options, null);
  try {
    return await start(options, gpu);
  } catch (error) {
    gpu.device.destroy();
    const isOfGpu = error instanceof FilterError && (error.code === 'model-self-test' || error.code === 'backend-unavailable' || error.code === 'device-lost');
    if (!isOfGpu || options.backend !== 'auto') throw error;
    options.onWarning?.(error);
    return await start(options, null);
  }
}

async function findGpu({ backend, isGlSoftware }: LoadGeneratorOptions): Promise<GpuHandle | null> {
  if (backend === 'wasm') return null;
  if (backend === 'webgpu') return await requestGpu(isGlSoftware);
  const gpu = await requestGpu(isGlSoftware).catch(() => null);
  if (!gpu?.isSoftware) return gpu;
  gpu.device.destroy();
  return null;
}

async function start(options: LoadGeneratorOptions, gpu: GpuHandle | null): Promise<LoadedGenerator> {
  const { store, pack, quality, ortWasmBase, signal, onProgress, onLost } = options;
  const entry = chooseModel(store.manifest, pack, quality, { backend: gpu ? 'webgpu' : 'wasm', isSoftware: gpu?.isSoftware ?? false });
  const student = gpu?.hasHalf && entry.studentFp16 ? 'studentFp16' : 'student';
  const model = await store.load(entry.id, { parts: [student, 'styleHead', 'golden'], signal, onProgress });
  const generator = await createGenerator({ model, gpu, ortWasmBase, signal, onLost }).catch((error: unknown) => {
    if (gpu || !(error instanceof FilterError)) throw error;
    throw new FilterError(error.code, error.message, { stage: 'load', fatal: true, cause: error });
  });
  const codes = createStyleCodes({ model, ortWasmBase });
  return {
    model: entry,
    generator,
    codes,
    close: async () => {
      await Promise.all([generator.close(), codes.close()]);
    },
  };
}
