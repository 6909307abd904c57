import { invertAffine, multiplyAffine } from '../affine';
import type { Affine } from '../types';

/** A rectangle of whole frame pixels. */
export interface Rect {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** The pixels of a rectangle as bytes. */
export interface PixelBlock {
  /** RGBA, row by row from {@link PixelBlock.offset}. */
  readonly bytes: Uint8Array;
  readonly offset: number;
  /** Bytes from one row to the next. */
  readonly strideBytes: number;
  readonly width: number;
  readonly height: number;
}

// Bilinear sampling looks at four neighbours: above this reduction it would skip pixels and flicker.
const MAX_REDUCTION = 2;
const MARGIN_PX = 4;
const FROM_BYTE = 1 / 127.5;

/** The part of a frame that a crop needs, edges on even pixels where the frame allows it. Never empty. */
export function rectOfCrop(cropFromFrame: Affine, widthPx: number, heightPx: number): Rect {
  const [a, b, c, d, e, f] = invertAffine(cropFromFrame);
  const x = spanOf(c, a, b, widthPx);
  const y = spanOf(f, d, e, heightPx);
  return { x: x.start, width: x.end - x.start, y: y.start, height: y.end - y.start };
}

/** Where `start + s·u + t·v` (u, v in 0…1) falls on a side of the frame, once what lies beyond the frame is mirrored back. */
function spanOf(start: number, s: number, t: number, lengthPx: number): { start: number; end: number } {
  const low = start + Math.min(0, s) + Math.min(0, t) - MARGIN_PX;
  const high = start + Math.max(0, s) + Math.max(0, t) + MARGIN_PX;
  const mirroredLow = Math.min(low, high > lengthPx ? 2 * lengthPx - high : low);
  const mirroredHigh = Math.max(high, low < 0 ? -low : high);
  const last = Math.max(0, lengthPx - 2);
  const from = 2 * Math.floor(Math.min(Math.max(mirroredLow, 0), last) / 2);
  const to = 2 * Math.ceil(Math.min(Math.max(mirroredHigh, from + 2), lengthPx) / 2);
  return { start: from, end: Math.min(to, lengthPx) };
}

/**
 * Samples a crop as planar RGB, −1…1: the twin of `distill`'s `warp_crop`. Large faces are halved until one step of
 * bilinear sampling no longer skips pixels (which overwrites the block's bytes); beyond the block its picture is mirrored.
 */
export function sampleCrop(block: PixelBlock, cropFromBlock: Affine, sizePx: number, planes: Float32Array): void {
  let source = block;
  let blockFromCrop = invertAffine(cropFromBlock);
  while (sideOf(blockFromCrop) >= MAX_REDUCTION * sizePx && Math.min(source.width, source.height) >= 2) {
    source = halve(source);
    blockFromCrop = multiplyAffine([0.5, 0, 0, 0, 0.5, 0], blockFromCrop);
  }
  sampleBilinear(source, blockFromCrop, sizePx, planes);
}

/** Length of the crop's upper edge in pixels of the block. */
function sideOf([a, , , d]: Affine): number {
  return Math.hypot(a, d);
}

/** Halves a block in place, each pixel the mean of four. The target never overtakes the source. */
function halve({ bytes, offset, strideBytes, width, height }: PixelBlock): PixelBlock {
  const halfWidth = width >> 1;
  const halfHeight = height >> 1;
  for (let y = 0, to = offset; y < halfHeight; y += 1) {
    let upper = offset + 2 * y * strideBytes;
    let lower = upper + strideBytes;
    for (let x = 0; x < halfWidth; x += 1, upper += 8, lower += 8, to += 4) {
      bytes[to] = (bytes[upper]! + bytes[upper + 4]! + bytes[lower]! + bytes[lower + 4]! + 2) >> 2;
      bytes[to + 1] = (bytes[upper + 1]! + bytes[upper + 5]! + bytes[lower + 1]! + bytes[lower + 5]! + 2) >> 2;
      bytes[to + 2] = (bytes[upper + 2]! + bytes[upper + 6]! + bytes[lower + 2]! + bytes[lower + 6]! + 2) >> 2;
    }
  }
  return { bytes, offset, strideBytes: 4 * halfWidth, width: halfWidth, height: halfHeight };
}

function sampleBilinear({ bytes, offset, strideBytes, width, height }: PixelBlock, blockFromCrop: Affine, sizePx: number, planes: Float32Array): void {
  const [a, b, c, d, e, f] = blockFromCrop;
  const [stepUx, stepUy, stepVx, stepVy] = [a / sizePx, d / sizePx, b / sizePx, e / sizePx];
  const lastX = width - 1;
  const lastY = height - 1;
  const area = sizePx * sizePx;
  for (let v = 0, i = 0; v < sizePx; v += 1) {
    // The matrix speaks of areas, samples of pixel centres: hence the halves.
    let x = c + 0.5 * stepUx + (v + 0.5) * stepVx - 0.5;
    let y = f + 0.5 * stepUy + (v + 0.5) * stepVy - 0.5;
    for (let u = 0; u < sizePx; u += 1, i += 1, x += stepUx, y += stepUy) {
      const mx = mirror(x, lastX);
      const my = mirror(y, lastY);
      const column = mx | 0;
      const row = my | 0;
      const tx = mx - column;
      const ty = my - row;
      const upper = offset + row * strideBytes + column * 4;
      const right = column < lastX ? 4 : 0;
      const lower = row < lastY ? upper + strideBytes : upper;
      const w11 = tx * ty * FROM_BYTE;
      const w10 = ty * FROM_BYTE - w11;
      const w01 = tx * FROM_BYTE - w11;
      const w00 = FROM_BYTE - w01 - w10 - w11;
      planes[i] = bytes[upper]! * w00 + bytes[upper + right]! * w01 + bytes[lower]! * w10 + bytes[lower + right]! * w11 - 1;
      planes[i + area] = bytes[upper + 1]! * w00 + bytes[upper + right + 1]! * w01 + bytes[lower + 1]! * w10 + bytes[lower + right + 1]! * w11 - 1;
      planes[i + 2 * area] = bytes[upper + 2]! * w00 + bytes[upper + right + 2]! * w01 + bytes[lower + 2]! * w10 + bytes[lower + right + 2]! * w11 - 1;
    }
  }
}

/** Mirrors a position at the first and last pixel's centre; what is still beyond stays at the edge. */
function mirror(position: number, last: number): number {
  const once = position < 0 ? -position : position > last ? 2 * last - position : position;
  return once < 0 ? 0 : once > last ? last : once;
}
