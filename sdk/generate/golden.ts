import { JsonReader } from '../assets/json-reader';
import { fetchBytes } from '../assets/fetch-asset';
import type { LoadedModel } from '../assets/model-store';
import { FilterError } from '../errors';
import { halfToFloat } from './half';

/** One array of a golden pair. */
export interface GoldenArray {
  readonly data: Float32Array;
  readonly shape: readonly number[];
}

/** One input of the student with the output it had in training, and how far a device may be off. */
export interface GoldenPair {
  readonly face: GoldenArray;
  readonly modulation: GoldenArray;
  readonly styled: GoldenArray;
  /** Largest deviation allowed to a network in single precision. */
  readonly float32Max: number;
  /** Mean and largest deviation allowed to a network in half precision. */
  readonly float16: { readonly mean: number; readonly max: number };
}

/**
 * Reads a model's golden pair.
 * @throws FilterError `asset-missing`, `asset-corrupt` (names the field), `aborted`.
 */
export async function loadGolden(model: LoadedModel, signal?: AbortSignal): Promise<GoldenPair> {
  const root = JsonReader.parse(new TextDecoder().decode(await model.file('golden', signal)), `models/${model.entry.golden.file}`);
  const tolerance = root.object('tolerance');
  const half = tolerance.object('float16');
  const read = (name: string): Promise<GoldenArray> => readArray(root.object(name), model.goldenUrl, signal);
  const [face, modulation, styled] = await Promise.all([read('face'), read('modulation'), read('styled')]);
  return {
    face,
    modulation,
    styled,
    float32Max: tolerance.number('float32', 0),
    float16: { mean: half.number('mean', 0), max: half.number('max', 0) },
  };
}

/** Reads one array of a golden file: `{ file, shape, encoding }`, the file lying beside it. */
export async function readArray(array: JsonReader, goldenUrl: URL, signal?: AbortSignal): Promise<GoldenArray> {
  const url = new URL(array.relativePath('file'), goldenUrl);
  const shape = array.integers('shape');
  const data = decode(await fetchBytes(url, signal), array.oneOf('encoding', ['float32', 'float16', 'uint8']));
  const length = shape.reduce((product, edge) => product * edge, 1);
  if (data.length === length) return { data, shape };
  throw new FilterError('asset-corrupt', `${url.href} must hold ${length} numbers, but holds ${data.length}. Restore the file from the package.`, { stage: 'load', fatal: true });
}

function decode(bytes: Uint8Array<ArrayBuffer>, encoding: 'float32' | 'float16' | 'uint8'): Float32Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  switch (encoding) {
    case 'uint8':
      return Float32Array.from(bytes, (byte) => byte / 127.5 - 1);
    case 'float16':
      return Float32Array.from({ length: bytes.byteLength >> 1 }, (_, i) => halfToFloat(view.getUint16(2 * i, true)));
    case 'float32':
      return Float32Array.from({ length: bytes.byteLength >> 2 }, (_, i) => view.getFloat32(4 * i, true));
  }
}

/** How far two arrays of the same length are apart. NaN anywhere makes both NaN. */
export function deviation(actual: Float32Array, expected: Float32Array): { readonly mean: number; readonly max: number } {
  let sum = 0;
  let max = 0;
  for (let i = 0; i < expected.length; i += 1) {
    const difference = Math.abs(actual[i]! - expected[i]!);
    sum += difference;
    if (!(difference <= max)) max = difference;
  }
  return { mean: sum / expected.length, max: Number.isNaN(sum) ? NaN : max };
}
