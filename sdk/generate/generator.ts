import { throwIfAborted } from '../assets/fetch-asset';
import type { LoadedModel } from '../assets/model-store';
import { Lifetime } from '../engine/lifetime';
import { SerialQueue } from '../engine/serial-queue';
import { FilterError } from '../errors';
import type { Backend, FaceCrop, Frame, StyleCode, StyledCrop } from '../types';
import { loadGolden } from './golden';
import type { GpuHandle } from './gpu-device';
import { createSession, tensorsOf, type OrtSession, type Tensor, type Tensors } from './ort-runtime';
import { selfTest } from './self-test';
import type { StyleCodes } from './style-codes';
import { createStyleInputs } from './style-inputs';
import { createTensorBridge } from './tensor-bridge';

/** The student on one backend: redraws one face at a time. */
export interface Generator {
  readonly backend: Backend;
  readonly modelId: string;
  /** Precision the network computes in. */
  readonly dtype: 'float32' | 'float16';
  /** Edge length of the crops in pixels. */
  readonly sizePx: number;
  /** The graphics adapter, or `'WebAssembly'`. */
  readonly device: string;
  /**
   * Redraws the face of a crop. Calls follow one another; the frame stays open until the promise settles.
   * @throws FilterError `model-output` (numbers that are not finite), `stage-failed` (the network did not run; the next call tries a fresh one), `device-lost`, `bad-option` (code of another model), `closed`.
   */
  generate(frame: Frame, crop: FaceCrop, code: StyleCode): Promise<StyledCrop>;
  /** Frees network and device. Idempotent. */
  close(): Promise<void>;
}

/** What {@link createGenerator} works with. */
export interface GeneratorOptions {
  readonly model: LoadedModel;
  /** The device to run on, which then belongs to the generator; null for WebAssembly. */
  readonly gpu: GpuHandle | null;
  /** Which of the model's networks to run. */
  readonly part: 'student' | 'studentFp16';
  /** Runs the style head, for what the golden pair leaves to it. */
  readonly codes: StyleCodes;
  /** Folder with the runtime's files. */
  readonly ortWasmBase: string | URL;
  /** Gives up loading; without effect afterwards. */
  readonly signal?: AbortSignal | undefined;
  /** Called once if the GPU device is lost; every later `generate` fails. */
  readonly onLost?: ((error: FilterError) => void) | undefined;
}

/**
 * Makes a session of the student, checks it with the golden pair and warms it up by that.
 * @throws FilterError `model-self-test`, `backend-unavailable`, and those of {@link LoadedModel.file}. The device is then freed.
 */
export async function createGenerator({ model, gpu, part, codes, ortWasmBase, signal, onLost }: GeneratorOptions): Promise<Generator> {
  const { entry } = model;
  const dtype = (entry[part] ?? entry.student).dtype;
  const label = `model '${entry.id}' (${dtype}) on ${gpu ? `WebGPU (${gpu.adapterName})` : 'WebAssembly'}`;
  let lost: FilterError | undefined;
  let gpuFault: string | undefined;
  let session: OrtSession | undefined;
  const styleInputs = createStyleInputs(gpu?.device ?? null);

  async function openSession(loadSignal?: AbortSignal): Promise<OrtSession> {
    const bytes = await model.file(part, loadSignal);
    const opened = await createSession(bytes, gpu?.device ?? null, ortWasmBase);
    model.release(part);
    return opened;
  }

  async function dropSession(): Promise<void> {
    const dropped = session;
    session = undefined;
    styleInputs.clear();
    await dropped?.close().catch(() => undefined);
  }

  try {
    session = await openSession(signal);
    await selfTest(session, await loadGolden(model, signal), codes, dtype, label);
    model.release('golden');
    throwIfAborted(signal);
  } catch (cause) {
    await dropSession();
    gpu?.device.destroy();
    if (cause instanceof FilterError) throw cause;
    throw new FilterError('backend-unavailable', `${label} could not be started: ${textOf(cause)}. Use another options.backend.`, { stage: 'load', cause });
  }

  const bridge = createTensorBridge(entry.sizePx);
  const queue = new SerialQueue();

  async function generateNow(frame: Frame, crop: FaceCrop, code: StyleCode): Promise<StyledCrop> {
    lifetime.assertOpen();
    if (lost) throw lost;
    if (code.modelId !== entry.id) throw new FilterError('bad-option', `A style code of model '${code.modelId}' was given to model '${entry.id}'. Ask the style codes of the same model.`, { stage: 'generate' });
    session ??= await openSession();
    const styled = await runStudent(session, { face: await bridge.cut(frame, crop), ...styleInputs.of(code), ...tensorsOf(poseInput(crop.pose)) });
    try {
      return bridge.toCrop(styled, frame, crop);
    } finally {
      styled.dispose();
    }
  }

  /** The student's `pose` input, at rest where there is no face, as in warming up. */
  function poseInput(pose: Float32Array | undefined): StyleCode['inputs'] {
    const shape = entry.student.inputs['pose'];
    return shape ? { pose: { data: pose ?? new Float32Array(shape[1]!), shape } } : {};
  }

  // The device reports errors beside the calls that caused them; a picture made after one cannot be trusted.
  function throwGpuFault(): void {
    const fault = gpuFault;
    gpuFault = undefined;
    if (fault !== undefined) throw new Error(fault);
  }

  async function runStudent(on: OrtSession, inputs: Tensors): Promise<Tensor> {
    try {
      const { styled } = await on.run(inputs);
      if (!styled) throw new Error("it has no output 'styled'");
      throwGpuFault();
      return styled;
    } catch (cause) {
      // A session is not usable after a failed run.
      await dropSession();
      throw lost ?? new FilterError('stage-failed', `${label} failed on a frame: ${textOf(cause)}.`, { stage: 'generate', cause });
    }
  }

  const generator: Generator = {
    backend: gpu ? 'webgpu' : 'wasm',
    modelId: entry.id,
    dtype,
    sizePx: entry.sizePx,
    device: gpu?.adapterName ?? 'WebAssembly',
    generate: (frame, crop, code) => queue.add(() => generateNow(frame, crop, code)),
    close: async () => {
      if (!lifetime.close()) return;
      await queue.idle();
      await dropSession();
      bridge.close();
      gpu?.device.destroy();
    },
  };
  const lifetime = new Lifetime(generator, 'generator');
  void gpu?.device.lost.then(({ message }) => {
    if (lifetime.closed) return;
    lost = new FilterError('device-lost', `The graphics device was lost (${message || 'no reason given'}). Styling goes on with options.backend 'wasm'.`, { stage: 'generate' });
    onLost?.(lost);
  });
  gpu?.device.addEventListener('uncapturederror', ({ error }) => (gpuFault = error.message));
  return generator;
}

function textOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
