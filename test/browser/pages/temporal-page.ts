/** What the tests of the temporal filter do inside the page: styled sequences by hand, and what becomes of them. */
import { createCompositor } from '../../../sdk/composite/compositor';
import { createTemporalFilter } from '../../../sdk/smooth/temporal-filter';
import type { TemporalFilterOptions } from '../../../sdk/smooth/temporal-options';
import type { FaceCrop } from '../../../sdk/types';
import { cropAt, paint, readTexture, type Pixel } from './composite-page';

export { cropAt, openBench, readTexture, styledOf } from './composite-page';
export { createTemporalFilter } from '../../../sdk/smooth/temporal-filter';

/** Edge of the styled crops, in pixels. */
export const SIZE_PX = 64;
const FRAME_US = 33_333;

/** One frame of a styled sequence. */
export interface Step {
  readonly crop: FaceCrop;
  readonly at: (x: number, y: number) => Pixel;
  /** Default: one thirtieth of a second after the one before. */
  readonly gapUs?: number;
}

/** Runs a sequence through a temporal filter; each result as straight RGBA. */
export function filterSequence(steps: readonly Step[], options: TemporalFilterOptions): number[][] {
  const compositor = createCompositor({ canvas: new OffscreenCanvas(1, 1) });
  const filter = createTemporalFilter(compositor.gl, options);
  let timestampUs = 0;
  const pictures = steps.map(({ crop, at, gapUs = FRAME_US }) => {
    timestampUs += gapUs;
    const { texture } = filter.apply({ crop, sizePx: SIZE_PX, timestampUs, rgba: paint(SIZE_PX, SIZE_PX, at) });
    return readTexture(compositor, texture, SIZE_PX);
  });
  filter.close();
  compositor.close();
  return pictures;
}

/** An opaque grey. */
export function grey(light: number): Pixel {
  return [light, light, light, 255];
}

/** Points spread over the crop's middle, moved by whole numbers of texels: what a tracker says of a face. */
export function landmarks(shiftXTexels = 0, shiftYTexels = 0, jitterTexels = 0): Float32Array<ArrayBuffer> {
  const points = new Float32Array(2 * 478);
  for (let i = 0; i < 478; i += 1) {
    const noise = (): number => (Math.random() - 0.5) * jitterTexels;
    points[2 * i] = 0.3 + 0.4 * ((i * 0.618) % 1) + (shiftXTexels + noise()) / SIZE_PX;
    points[2 * i + 1] = 0.3 + 0.4 * ((i * 0.414) % 1) + (shiftYTexels + noise()) / SIZE_PX;
  }
  return points;
}

/** The crop that rests, with a face that is moved within it. */
export function crop(shiftXTexels = 0, shiftYTexels = 0, jitterTexels = 0, faceId = 1): FaceCrop {
  return cropAt(faceId, 100, 100, 100, 0, landmarks(shiftXTexels, shiftYTexels, jitterTexels));
}

/** A random number with mean 0 and the given standard deviation. */
export function gaussian(sigma: number): number {
  return sigma * Math.sqrt(-2 * Math.log(1 - Math.random())) * Math.cos(2 * Math.PI * Math.random());
}

/** One channel of one row of a picture. */
export function rowOf(picture: readonly number[], y: number, channel = 0): number[] {
  return Array.from({ length: SIZE_PX }, (_, x) => picture[4 * (y * SIZE_PX + x) + channel]!);
}

/** Standard deviation over time of each pixel, averaged over a picture's inner part. */
export function flickerOf(pictures: readonly (readonly number[])[]): number {
  let total = 0;
  let count = 0;
  for (let y = 8; y < SIZE_PX - 8; y += 1) {
    for (let x = 8; x < SIZE_PX - 8; x += 1) {
      const values = pictures.map((picture) => picture[4 * (y * SIZE_PX + x)]!);
      const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
      total += Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length);
      count += 1;
    }
  }
  return total / count;
}
