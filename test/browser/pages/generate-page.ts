/** What the generate tests do inside the page: the generate stage on its own, with a style from any folder. */
import { loadManifest } from '../../../sdk/assets/manifest';
import { createModelStore, type ModelPart } from '../../../sdk/assets/model-store';
import { loadStylePack } from '../../../sdk/assets/style-pack';
import { FilterError } from '../../../sdk/errors';
import { loadGenerator, type LoadedGenerator } from '../../../sdk/generate/load-generator';
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
export async function loadStage(base: string, styleId: string, backend: Backend | 'auto', quality: 'auto' | 'standard' | 'lite' = 'auto'): Promise<Stage> {
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
    ortWasmBase: ORT_BASE,
    onWarning: (warning) => warnings.push(plain(warning)),
    onLost: (error) => losses.push(plain(error)),
  });
  return { ...loaded, warnings, losses, code: await loaded.codes.get(resolveStyle(pack, loaded.model, {})) };
}

/** The style codes of a style's small model on their own. */
export async function openCodes(base: string, styleId: string, capacity?: number, parts?: readonly ModelPart[]) {
  const assetBase = new URL(base, location.href);
  const pack = await loadStylePack(assetBase, styleId);
  const store = createModelStore({ assetBase, manifest: await loadManifest(assetBase) });
  const model = await store.load(pack.models.lite!, parts ? { parts } : {});
  const codes = createStyleCodes({ model, ortWasmBase: ORT_BASE, ...(capacity === undefined ? {} : { capacity }) });
  return { codes, request: (choice: StyleChoice) => resolveStyle(pack, model.entry, choice) };
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

export { createTensorBridge, toPixels } from '../../../sdk/generate/tensor-bridge';
export { floatTensor } from '../../../sdk/generate/ort-runtime';
