import { FilterError } from '../errors';
import { multiplyAffine } from '../affine';
import type { FaceCrop, Frame, StyledCrop } from '../types';
import { rectOfCrop, sampleCrop } from './crop-sampler';
import { createFramePixels } from './frame-pixels';
import { floatTensor, type Tensor } from './ort-runtime';

/**
 * The one way between pixels and tensors. This one goes through the processor; a bridge that stays on the GPU
 * is another implementation of this interface.
 */
export interface TensorBridge {
  /**
   * Cuts a face out of its frame as `[1, 3, S, S]`, RGB, planar, −1…1. Beyond the frame its picture is mirrored, as in training.
   * The numbers are the bridge's own and hold until its next cut; one cut at a time.
   */
  cut(frame: Frame, crop: FaceCrop): Promise<Tensor>;
  /**
   * Turns the student's `[1, 4, S, S]` into pixels. The bytes hold until {@link LIVE_CROPS} further crops were made.
   * @throws FilterError `model-output` when a number is not finite.
   */
  toCrop(styled: Tensor, frame: Frame, crop: FaceCrop): StyledCrop;
  /** Frees the buffers. Idempotent. */
  close(): void;
}

/** How many styled crops are valid at the same time: one for each face a frame can have. */
export const LIVE_CROPS = 4;

/** Opens a bridge for crops of one size. */
export function createTensorBridge(sizePx: number): TensorBridge {
  const planes = new Float32Array(3 * sizePx * sizePx);
  const face = floatTensor(planes, [1, 3, sizePx, sizePx]);
  const pixels = createFramePixels();
  const ring: Uint8ClampedArray<ArrayBuffer>[] = [];
  let ringIndex = 0;

  async function cut(frame: Frame, { cropFromFrame }: FaceCrop): Promise<Tensor> {
    const rect = rectOfCrop(cropFromFrame, frame.widthPx, frame.heightPx);
    const block = await pixels.read(frame, rect);
    sampleCrop(block, multiplyAffine(cropFromFrame, [1, 0, rect.x, 0, 1, rect.y]), sizePx, planes);
    return face;
  }

  function toCrop(styled: Tensor, frame: Frame, crop: FaceCrop): StyledCrop {
    const rgba = (ring[ringIndex] ??= new Uint8ClampedArray(4 * sizePx * sizePx));
    ringIndex = (ringIndex + 1) % LIVE_CROPS;
    toPixels(styled.data as Float32Array, rgba);
    return { crop, sizePx, rgba, timestampUs: frame.timestampUs };
  }

  function close(): void {
    pixels.close();
    ring.length = 0;
  }

  return { cut, toCrop, close };
}

/**
 * Planar RGB (−1…1) and matte (0…1) → interleaved RGBA bytes, rounded and clamped.
 * @throws FilterError `model-output` when a number is not finite.
 */
export function toPixels(planes: Float32Array, rgba: Uint8ClampedArray): void {
  const area = rgba.length / 4;
  let sum = 0; // not finite as soon as one number is not
  for (let i = 0, p = 0; i < area; i += 1, p += 4) {
    const r = planes[i]!;
    const g = planes[area + i]!;
    const b = planes[2 * area + i]!;
    const matte = planes[3 * area + i]!;
    sum += r + g + b + matte;
    rgba[p] = r * 127.5 + 127.5;
    rgba[p + 1] = g * 127.5 + 127.5;
    rgba[p + 2] = b * 127.5 + 127.5;
    rgba[p + 3] = matte * 255;
  }
  if (Number.isFinite(sum)) return;
  throw new FilterError('model-output', "The model returned numbers that are not finite (NaN or infinity). If this repeats, use options.backend 'wasm'.", { stage: 'generate' });
}
