import { chooseModel, type Quality } from '../assets/choose-model';
import type { ModelEntry } from '../assets/manifest';
import type { ModelStore } from '../assets/model-store';
import type { StylePack } from '../assets/style-pack';
import { asFatal, FilterError } from '../errors';
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
 * Chooses backend and model, loads the model and starts it. Where a graphics driver computes half precision wrongly,
 * single precision is tried; where that fails too, `auto` takes WebAssembly.
 * @throws FilterError `backend-unavailable`, `model-self-test` (fatal: no way computes right) and those of {@link ModelStore.load}.
 */
export async function loadGenerator(options: LoadGeneratorOptions): Promise<LoadedGenerator> {
  const attempts = await attemptsFor(options);
  let failure: FilterError | undefined;
  for (const attempt of attempts) {
    if (failure) options.onWarning?.(failure);
    try {
      return await attempt();
    } catch (error) {
      if (!isOfBackend(error)) throw error;
      failure = error;
    }
  }
  throw asFatal(failure!);
}

type Attempt = () => Promise<LoadedGenerator>;

/** The ways to run the student here, best first; at least one. A failed way takes its device with it. */
async function attemptsFor(options: LoadGeneratorOptions): Promise<readonly Attempt[]> {
  const wasm: Attempt = () => start(options, null, 'student');
  const gpu = options.backend === 'wasm' ? null : await findGpu(options);
  if (!gpu) return [wasm];
  const half = gpu.hasHalf && entryFor(options, gpu).studentFp16 !== null;
  const onGpu: readonly Attempt[] = half
    ? [() => start(options, gpu, 'studentFp16'), async () => start(options, await requestGpu(options.isGlSoftware), 'student')]
    : [() => start(options, gpu, 'student')];
  return options.backend === 'auto' ? [...onGpu, wasm] : onGpu;
}

async function findGpu({ backend, isGlSoftware }: LoadGeneratorOptions): Promise<GpuHandle | null> {
  if (backend === 'webgpu') return requestGpu(isGlSoftware);
  const gpu = await requestGpu(isGlSoftware).catch(() => null);
  if (!gpu?.isSoftware) return gpu;
  gpu.device.destroy();
  return null;
}

async function start(options: LoadGeneratorOptions, gpu: GpuHandle | null, part: 'student' | 'studentFp16'): Promise<LoadedGenerator> {
  const { store, ortWasmBase, signal, onProgress, onLost } = options;
  try {
    const entry = entryFor(options, gpu);
    const model = await store.load(entry.id, { parts: [part, 'styleHead', 'golden'], signal, onProgress });
    const codes = createStyleCodes({ model, ortWasmBase });
    const generator = await createGenerator({ model, gpu, part, codes, ortWasmBase, signal, onLost }).catch(async (error: unknown) => {
      await codes.close();
      throw error;
    });
    return {
      model: entry,
      generator,
      codes,
      close: async () => {
        await Promise.all([generator.close(), codes.close()]);
      },
    };
  } catch (error) {
    gpu?.device.destroy();
    throw error;
  }
}

function entryFor({ store, pack, quality }: LoadGeneratorOptions, gpu: GpuHandle | null): ModelEntry {
  return chooseModel(store.manifest, pack, quality, { backend: gpu ? 'webgpu' : 'wasm', isSoftware: gpu?.isSoftware ?? false });
}

function isOfBackend(error: unknown): error is FilterError {
  return error instanceof FilterError && ['model-self-test', 'backend-unavailable', 'device-lost'].includes(error.code);
}
