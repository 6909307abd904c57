/** Measures of picture sequences over time. Pictures are luma, row by row; a mask says which pixels count. */
import type { Affine } from '../../../sdk/types';

/** Luma 0…255 of each pixel. */
export type Luma = Float32Array;

/** Luma and the mask of what is opaque, from RGBA. */
export function lumaOf(rgba: Uint8Array): { luma: Luma; mask: Uint8Array } {
  const count = rgba.length / 4;
  const luma = new Float32Array(count);
  const mask = new Uint8Array(count);
  for (let i = 0, p = 0; i < count; i += 1, p += 4) {
    luma[i] = 0.299 * rgba[p]! + 0.587 * rgba[p + 1]! + 0.114 * rgba[p + 2]!;
    mask[i] = rgba[p + 3]! >= 250 ? 1 : 0;
  }
  return { luma, mask };
}

/** Pixels that count in every mask. */
export function intersection(masks: readonly Uint8Array[]): Uint8Array {
  return masks.reduce((all, mask) => all.map((value, i) => value & mask[i]!), new Uint8Array(masks[0]!.length).fill(1));
}

function meanWhere(mask: Uint8Array, value: (i: number) => number): number {
  let sum = 0;
  let count = 0;
  for (let i = 0; i < mask.length; i += 1) {
    if (mask[i] === 0) continue;
    sum += value(i);
    count += 1;
  }
  return sum / Math.max(1, count);
}

/** Standard deviation over time, averaged over the pixels: flicker where nothing moves. */
export function deviation(pictures: readonly Luma[], mask: Uint8Array): number {
  return meanWhere(mask, (i) => {
    let sum = 0;
    let squares = 0;
    for (const picture of pictures) {
      sum += picture[i]!;
      squares += picture[i]! ** 2;
    }
    const mean = sum / pictures.length;
    return Math.sqrt(Math.max(0, squares / pictures.length - mean * mean));
  });
}

/** Their mean over time. */
export function average(pictures: readonly Luma[]): Luma {
  return pictures[0]!.map((_, i) => pictures.reduce((sum, picture) => sum + picture[i]!, 0) / pictures.length);
}

/** Mean square of the gradient: how much fine detail there is. */
export function gradientEnergy(picture: Luma, mask: Uint8Array, widthPx: number): number {
  return meanWhere(mask, (i) => {
    if (i + widthPx >= picture.length) return 0;
    return (picture[i + 1]! - picture[i]!) ** 2 + (picture[i + widthPx]! - picture[i]!) ** 2;
  });
}

/** A picture's value between its pixels; null outside. */
function sample(picture: Luma, widthPx: number, x: number, y: number): number | null {
  const left = Math.floor(x);
  const top = Math.floor(y);
  const i = top * widthPx + left;
  if (left < 0 || top < 0 || left + 1 >= widthPx || i + widthPx + 1 >= picture.length) return null;
  const u = x - left;
  const v = y - top;
  return (
    (1 - v) * ((1 - u) * picture[i]! + u * picture[i + 1]!) + v * ((1 - u) * picture[i + widthPx]! + u * picture[i + widthPx + 1]!)
  );
}

/** Mean difference between a picture and the one before, moved along with the face. */
export function warpingError(current: Luma, previous: Luma, mask: Uint8Array, widthPx: number, previousFromCurrent: Affine): number {
  const [a, b, c, d, e, f] = previousFromCurrent;
  return meanWhere(mask, (i) => {
    const x = i % widthPx;
    const y = Math.floor(i / widthPx);
    const before = sample(previous, widthPx, a * x + b * y + c, d * x + e * y + f);
    return before === null ? 0 : Math.abs(current[i]! - before);
  });
}

/**
 * How many frames a sequence is behind another of the same content: the delay that, to first order, explains
 * their difference best.
 */
export function lagFrames(late: readonly Luma[], truth: readonly Luma[], masks: readonly Uint8Array[]): number {
  let product = 0;
  let square = 0;
  for (let t = 1; t + 1 < truth.length; t += 1) {
    const speedAt = (i: number): number => (truth[t + 1]![i]! - truth[t - 1]![i]!) / 2;
    product -= meanWhere(masks[t]!, (i) => (late[t]![i]! - truth[t]![i]!) * speedAt(i));
    square += meanWhere(masks[t]!, (i) => speedAt(i) ** 2);
  }
  return square === 0 ? 0 : product / square;
}
