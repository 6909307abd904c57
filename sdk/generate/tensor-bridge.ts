import { FilterError } from '../errors';
import type { Affine, FaceCrop, Frame, StyledCrop } from '../types';
import { floatTensor, type Tensor } from './ort-runtime';

/**
 * The one way between pixels and tensors. It copies through a 2D canvas on the CPU; a bridge that stays
 * on the GPU is another implementation of this interface.
 */
export interface TensorBridge {
  /**
   * Cuts a face out of its frame as `[1, 3, S, S]`, RGB, planar, −1…1. Beyond the frame its edge is repeated.
   * The numbers are the bridge's own and hold until its next cut.
   */
  cut(frame: Frame, crop: FaceCrop): Tensor;
  /**
   * Turns the student's `[1, 4, S, S]` into pixels. The bytes hold until {@link LIVE_CROPS} further crops were made.
   * @throws FilterError `model-output` when a number is not finite.
   */
  toCrop(styled: Tensor, frame: Frame, crop: FaceCrop): StyledCrop;
  /** Frees the canvases. Idempotent. */
  close(): void;
}

/** How many styled crops are valid at the same time: one for each face a frame can have. */
export const LIVE_CROPS = 4;

// A canvas samples four neighbours: above this reduction it would skip pixels and flicker, so the crop is drawn larger first.
const MAX_REDUCTION = 2;
const MAX_INTERMEDIATE_PX = 2048;

/** Opens a bridge for crops of one size. */
export function createTensorBridge(sizePx: number): TensorBridge {
  const area = sizePx * sizePx;
  const planes = new Float32Array(3 * area);
  const face = floatTensor(planes, [1, 3, sizePx, sizePx]);
  const target = open2d(sizePx);
  const intermediates = new Map<number, OffscreenCanvasRenderingContext2D>();
  const ring: Uint8ClampedArray<ArrayBuffer>[] = [];
  let ringIndex = 0;

  function cut(frame: Frame, crop: FaceCrop): Tensor {
    drawCrop(frame, crop.cropFromFrame);
    toPlanes(target.getImageData(0, 0, sizePx, sizePx).data, planes);
    return face;
  }

  function drawCrop(frame: Frame, cropFromFrame: Affine): void {
    let drawPx = sizePx;
    while (drawPx * scaleOf(cropFromFrame) * MAX_REDUCTION < 1 && drawPx * 2 <= MAX_INTERMEDIATE_PX) drawPx *= 2;
    let drawn = drawPx === sizePx ? target : intermediate(drawPx);
    drawFrame(drawn, frame, cropFromFrame, drawPx);
    for (let px = drawPx / 2; px >= sizePx; px /= 2) {
      const smaller = px === sizePx ? target : intermediate(px);
      // Exactly half, so each pixel is the mean of four.
      smaller.drawImage(drawn.canvas, 0, 0, px, px);
      drawn = smaller;
    }
  }

  function intermediate(px: number): OffscreenCanvasRenderingContext2D {
    const context = intermediates.get(px) ?? open2d(px);
    intermediates.set(px, context);
    return context;
  }

  function toCrop(styled: Tensor, frame: Frame, crop: FaceCrop): StyledCrop {
    const rgba = (ring[ringIndex] ??= new Uint8ClampedArray(4 * area));
    ringIndex = (ringIndex + 1) % LIVE_CROPS;
    toPixels(styled.data as Float32Array, rgba);
    return { crop, sizePx, rgba, timestampUs: frame.timestampUs };
  }

  function close(): void {
    for (const { canvas } of [target, ...intermediates.values()]) canvas.width = canvas.height = 0;
    intermediates.clear();
    ring.length = 0;
  }

  return { cut, toCrop, close };
}

/** Interleaved RGBA bytes → planar RGB, −1…1. */
export function toPlanes(rgba: Uint8ClampedArray, planes: Float32Array): void {
  const area = planes.length / 3;
  for (let i = 0, p = 0; i < area; i += 1, p += 4) {
    planes[i] = BYTE_TO_UNIT[rgba[p]!]!;
    planes[area + i] = BYTE_TO_UNIT[rgba[p + 1]!]!;
    planes[2 * area + i] = BYTE_TO_UNIT[rgba[p + 2]!]!;
  }
}

const BYTE_TO_UNIT = Float32Array.from({ length: 256 }, (_, byte) => byte / 127.5 - 1);

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
  throw new FilterError('model-output', 'The model returned numbers that are not finite (NaN or infinity). If this repeats, use options.backend \'wasm\'.', { stage: 'generate' });
}

function open2d(sizePx: number): OffscreenCanvasRenderingContext2D {
  const context = new OffscreenCanvas(sizePx, sizePx).getContext('2d', { alpha: false, willReadFrequently: true });
  if (!context) throw new FilterError('unsupported', 'The browser gave no 2D canvas to cut faces with.', { stage: 'generate', fatal: true });
  return context;
}

function drawFrame(context: OffscreenCanvasRenderingContext2D, frame: Frame, cropFromFrame: Affine, drawPx: number): void {
  const [m00, m01, m02, m10, m11, m12] = cropFromFrame.map((value) => value * drawPx) as unknown as Affine;
  context.setTransform(m00, m10, m01, m11, m02, m12);
  drawEdges(context, frame, cropFromFrame);
  context.drawImage(frame.image, 0, 0, frame.widthPx, frame.heightPx);
  context.resetTransform();
}

/** Repeats the frame's outermost pixels outwards where the crop reaches beyond it, as training did. */
function drawEdges(context: OffscreenCanvasRenderingContext2D, frame: Frame, cropFromFrame: Affine): void {
  const { image, widthPx: w, heightPx: h } = frame;
  const reach = reachOf(cropFromFrame);
  const left = Math.max(0, Math.ceil(-reach.left));
  const top = Math.max(0, Math.ceil(-reach.top));
  const right = Math.max(0, Math.ceil(reach.right - w));
  const bottom = Math.max(0, Math.ceil(reach.bottom - h));
  // Columns and rows of one pixel, stretched; each overlaps the picture by a pixel so that no seam shows.
  const columns: readonly Span[] = [[0, 1, -left, left + 1], [0, w, 0, w], [w - 1, 1, w - 1, right + 1]];
  const rows: readonly Span[] = [[0, 1, -top, top + 1], [0, h, 0, h], [h - 1, 1, h - 1, bottom + 1]];
  columns.forEach(([sx, sw, dx, dw], column) => {
    rows.forEach(([sy, sh, dy, dh], row) => {
      const isInside = column === 1 && row === 1;
      const isReached = (column !== 0 || left > 0) && (column !== 2 || right > 0) && (row !== 0 || top > 0) && (row !== 2 || bottom > 0);
      if (!isInside && isReached) context.drawImage(image, sx, sy, sw, sh, dx, dy, dw, dh);
    });
  });
}

/** Start and length in the source, start and length in the target. */
type Span = readonly [number, number, number, number];

/** Crop units per frame pixel. */
function scaleOf([m00, m01, , m10, m11]: Affine): number {
  return Math.sqrt(Math.abs(m00 * m11 - m01 * m10));
}

/** Bounds of the crop's square in frame pixels. */
function reachOf([m00, m01, m02, m10, m11, m12]: Affine): { left: number; top: number; right: number; bottom: number } {
  const det = m00 * m11 - m01 * m10;
  const corners = [[0, 0], [1, 0], [0, 1], [1, 1]] as const;
  const xs = corners.map(([u, v]) => (m11 * (u - m02) - m01 * (v - m12)) / det);
  const ys = corners.map(([u, v]) => (m00 * (v - m12) - m10 * (u - m02)) / det);
  return { left: Math.min(...xs), top: Math.min(...ys), right: Math.max(...xs), bottom: Math.max(...ys) };
}
