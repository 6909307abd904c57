/** What the generate tests do inside the page: the generate stage on its own, with a style from any folder. */
import { loadManifest } from '../../../sdk/assets/manifest';
import { createModelStore, type LoadedModel, type ModelPart } from '../../../sdk/assets/model-store';
import { loadStylePack } from '../../../sdk/assets/style-pack';
import { FilterError } from '../../../sdk/errors';
import { deviation, loadGolden } from '../../../sdk/generate/golden';
import { loadGenerator, type LoadedGenerator } from '../../../sdk/generate/load-generator';
import { createSession, floatTensor, tensorsOf } from '../../../sdk/generate/ort-runtime';
import { resolveStyle, type StyleChoice } from '../../../sdk/generate/resolve-style';
import { createStyleCodes } from '../../../sdk/generate/style-codes';
import type { Affine, Backend, FaceCrop, Frame, StyleCode } from '../../../sdk/types';

const ORT_BASE = '/node_modules/onnxruntime-web/dist/';

/** An error as plain data. */
export interface PlainError {
  readonly code: string;
  readonly message: string;
  readonly fatal: boolean;
}

/** A loaded generate stage, with what it reported. */
export interface Stage extends LoadedGenerator {
  readonly warnings: PlainError[];
  readonly losses: PlainError[];
  /** The code of the pack's default look. */
  readonly code: StyleCode;
}

/** Loads a style of a folder on this origin. */
export async function loadStage(base: string, styleId: string, backend: Backend | 'auto', quality: 'auto' | 'standard' | 'lite' = 'auto', ortWasmBase = ORT_BASE, signal?: AbortSignal): Promise<Stage> {
  const assetBase = new URL(base, location.href);
  const pack = await loadStylePack(assetBase, styleId);
  const store = createModelStore({ assetBase, manifest: await loadManifest(assetBase) });
  const warnings: PlainError[] = [];
  const losses: PlainError[] = [];
  const loaded = await loadGenerator({
    store,
    pack,
    backend,
    quality,
    signal,
    ortWasmBase,
    onWarning: (warning) => warnings.push(plain(warning)),
    onLost: (error) => losses.push(plain(error)),
  });
  return { ...loaded, warnings, losses, code: await loaded.codes.get(resolveStyle(pack, {})) };
}

/** What a {@link withGpu} pretends about the machine's graphics. */
export interface PretendedGpu {
  /** Whether it has half precision. Default: as it is. */
  readonly half?: boolean;
  /** False: a driver that forgets to compute. Default true. */
  readonly computes?: boolean;
  /** Is given the devices that are asked for. */
  readonly devices?: GPUDevice[];
}

/** Lets the machine's WebGPU pass for a graphics card while something is done. */
export async function withGpu<T>({ half, computes = true, devices = [] }: PretendedGpu, work: () => Promise<T>): Promise<T> {
  const replaced: (() => void)[] = [];
  const replace = (owner: object, name: string, make: (original: PropertyDescriptor) => PropertyDescriptor) => {
    const original = Object.getOwnPropertyDescriptor(owner, name)!;
    Object.defineProperty(owner, name, { configurable: true, ...make(original) });
    replaced.push(() => Object.defineProperty(owner, name, original));
  };
  replace(GPUAdapter.prototype, 'info', () => ({ get: () => ({ vendor: 'acme', architecture: 'fast', device: '', description: '' }) }));
  replace(GPUAdapter.prototype, 'requestDevice', ({ value }) => ({
    async value(this: GPUAdapter, descriptor: GPUDeviceDescriptor) {
      const device = await (value as GPUAdapter['requestDevice']).call(this, descriptor);
      devices.push(device);
      return device;
    },
  }));
  if (half !== undefined) replace(GPUDevice.prototype, 'features', () => ({ get: () => new Set(half ? ['shader-f16'] : []) }));
  if (!computes) replace(GPUComputePassEncoder.prototype, 'dispatchWorkgroups', () => ({ value: () => undefined }));
  try {
    return await work();
  } finally {
    for (const restore of replaced) restore();
  }
}

/** The style codes of a style's small model on their own. */
export async function openCodes(base: string, styleId: string, capacityBytes?: number, parts?: readonly ModelPart[]) {
  const assetBase = new URL(base, location.href);
  const pack = await loadStylePack(assetBase, styleId);
  const store = createModelStore({ assetBase, manifest: await loadManifest(assetBase) });
  const model = await store.load(pack.models.lite!, parts ? { parts } : {});
  const codes = createStyleCodes({ model, ortWasmBase: ORT_BASE, ...(capacityBytes === undefined ? {} : { capacityBytes }) });
  return { codes, request: (choice: StyleChoice) => resolveStyle(pack, choice) };
}

/** An error as plain data, for the trip out of the page. */
export function plain(error: unknown): PlainError {
  return error instanceof FilterError
    ? { code: error.code, message: error.message, fatal: error.fatal }
    : { code: `not a FilterError: ${String(error)}`, message: '', fatal: false };
}

/** What a promise is rejected with, as plain data. */
export async function rejection(promise: Promise<unknown>): Promise<PlainError> {
  return promise.then(
    () => ({ code: 'none', message: 'it did not fail', fatal: false }),
    plain,
  );
}

/** A frame of one canvas, painted pixel by pixel; each pixel `[r, g, b]`. */
export async function paintedFrame(widthPx: number, heightPx: number, paint: (x: number, y: number) => readonly [number, number, number], kind: 'bitmap' | 'video' = 'bitmap'): Promise<Frame> {
  const pixels = new ImageData(widthPx, heightPx);
  for (let y = 0; y < heightPx; y += 1) for (let x = 0; x < widthPx; x += 1) pixels.data.set([...paint(x, y), 255], 4 * (y * widthPx + x));
  const bitmap = await createImageBitmap(pixels);
  const image = kind === 'bitmap' ? bitmap : new VideoFrame(bitmap, { timestamp: 1 });
  return { image, timestampUs: 1, widthPx, heightPx, close: () => image.close() };
}

/** A crop by its matrix. */
export function cropOf(cropFromFrame: Affine, faceId = 1): FaceCrop {
  return { faceId, cropFromFrame, landmarksCrop: new Float32Array() };
}

/** The crop that is the whole of a square frame. */
export function wholeCrop(framePx: number): FaceCrop {
  return cropOf([1 / framePx, 0, 0, 0, 1 / framePx, 0]);
}

/** A model with its files checked. */
export async function loadModel(base: string, modelId: string): Promise<LoadedModel> {
  const assetBase = new URL(base, location.href);
  return createModelStore({ assetBase, manifest: await loadManifest(assetBase) }).load(modelId);
}

/** How far a model on WebAssembly is from its golden pair, style head included. */
export async function goldenDeviation(base: string, modelId: string) {
  const model = await loadModel(base, modelId);
  const golden = await loadGolden(model);
  const student = await createSession(await model.file('student'), null, ORT_BASE);
  const codes = createStyleCodes({ model, ortWasmBase: ORT_BASE });
  const { inputs } = await codes.get(golden.request);
  const { styled } = await student.run(tensorsOf({ ...inputs, ...golden.inputs }));
  const head = golden.inputs['modulation'];
  const result = {
    student: deviation(styled!.data as Float32Array, golden.styled.data, golden.float32Max),
    // Where the pair holds no modulation, the student ran on what the style head gave.
    styleHead: head ? deviation(inputs['modulation']!.data, head.data) : undefined,
    outliers: golden.outliers,
  };
  await Promise.all([student.close(), codes.close()]);
  return result;
}

/** The generate stage's pixels for a picture, looks after looks, as one run of bytes. */
export async function styledPixels(pictureUrl: string, cropFromFrame: Affine, backend: Backend, quality: 'standard' | 'lite', looks: readonly string[], style = 'comic', base = '/') {
  const image = await createImageBitmap(await (await fetch(pictureUrl)).blob());
  const frame: Frame = { image, timestampUs: 0, widthPx: image.width, heightPx: image.height, close: () => image.close() };
  const stage = await loadStage(base, style, backend, quality);
  const pack = await loadStylePack(new URL(base, location.href), style);
  const out: Uint8ClampedArray[] = [];
  for (const exemplar of looks) {
    const code = await stage.codes.get(resolveStyle(pack, { exemplar }));
    const { rgba } = await stage.generator.generate(frame, cropOf(cropFromFrame), code);
    out.push(rgba.slice());
  }
  const { backend: ran, dtype, device, sizePx } = stage.generator;
  await stage.close();
  frame.close();
  return { pixels: out, ran, dtype, device, sizePx };
}

/** Mean and 99.9th percentile of the difference of two runs of bytes. */
export function byteDifference(a: Uint8ClampedArray, b: Uint8ClampedArray): { mean: number; p999: number } {
  const counts = new Array<number>(256).fill(0);
  a.forEach((value, i) => (counts[Math.abs(value - b[i]!)]! += 1));
  const mean = counts.reduce((sum, count, difference) => sum + count * difference, 0) / a.length;
  let above = 0;
  for (let difference = 255; difference >= 0; difference -= 1) {
    above += counts[difference]!;
    if (above > a.length / 1000) return { mean, p999: difference };
  }
  return { mean, p999: 0 };
}

export { createTensorBridge, toPixels } from '../../../sdk/generate/tensor-bridge';
export { floatTensor };
