import { decodeNumbers, NUMBER_ENCODINGS } from '../assets/decode-numbers';
import { JsonReader } from '../assets/json-reader';
import { fetchBytes } from '../assets/fetch-asset';
import type { LoadedModel } from '../assets/model-store';
import { FilterError } from '../errors';
import type { NumberArray } from '../types';
import type { StyleRequest } from './style-codes';

/** Inputs of the student with the output they had in training, and how far a device may be off. */
export interface GoldenPair {
  /** The student's inputs that lie beside the golden file; what is missing comes from the style head, given {@link request}. */
  readonly inputs: Readonly<Record<string, NumberArray>>;
  /** Whether no input is missing. */
  readonly isWhole: boolean;
  /** What the style head was given. */
  readonly request: StyleRequest;
  readonly styled: NumberArray;
  /** Largest deviation allowed to a network in single precision. */
  readonly float32Max: number;
  /** Mean and largest deviation allowed to a network in half precision. */
  readonly float16: { readonly mean: number; readonly max: number };
  /** Share of the output's numbers that may deviate by more: a network that picks the nearest pixel picks its neighbour now and then. */
  readonly outliers: number;
}

/**
 * Reads a model's golden pair.
 * @throws FilterError `asset-missing`, `asset-corrupt` (names the field), `aborted`.
 */
export async function loadGolden(model: LoadedModel, signal?: AbortSignal): Promise<GoldenPair> {
  const root = JsonReader.parse(new TextDecoder().decode(await model.file('golden', signal)), `models/${model.entry.golden.file}`);
  const tolerance = root.object('tolerance');
  const half = tolerance.object('float16');
  const read = (name: string): Promise<NumberArray> => readArray(root.object(name), model.goldenUrl, signal);
  const names = Object.keys(model.entry.student.inputs).filter((name) => root.has(name));
  const [styled, ...arrays] = await Promise.all([read('styled'), ...names.map(read)]);
  return {
    inputs: Object.fromEntries(names.map((name, i) => [name, arrays[i]!])),
    isWhole: names.length === Object.keys(model.entry.student.inputs).length,
    request: {
      key: 'golden pair',
      codeRows: async () => (await read('code')).data,
      structure: root.number('structure', 0, 1),
      color: root.number('color', 0, 1),
      keepColor: root.number('keepColor', 0, 1),
    },
    styled,
    float32Max: tolerance.number('float32', 0),
    outliers: tolerance.has('outliers') ? tolerance.number('outliers', 0, 1) : 0,
    float16: { mean: half.number('mean', 0), max: half.number('max', 0) },
  };
}

/** Reads one array of a golden file: `{ file, shape, encoding }`, the file lying beside it. */
async function readArray(array: JsonReader, goldenUrl: URL, signal?: AbortSignal): Promise<NumberArray> {
  const url = new URL(array.relativePath('file'), goldenUrl);
  const shape = array.integers('shape');
  const data = await decodeNumbers(await fetchBytes(url, signal), array.oneOf('encoding', NUMBER_ENCODINGS));
  const length = shape.reduce((product, edge) => product * edge, 1);
  if (data.length === length) return { data, shape };
  throw new FilterError('asset-corrupt', `${url.href} must hold ${length} numbers, but holds ${data.length}. Restore the file from the package.`, { stage: 'load', fatal: true });
}

/**
 * How far two arrays of the same length are apart: on average, at most, and for which share by more than `limit`.
 * NaN anywhere makes mean and maximum NaN.
 */
export function deviation(actual: Float32Array, expected: Float32Array, limit = 0): { readonly mean: number; readonly max: number; readonly above: number } {
  let sum = 0;
  let max = 0;
  let above = 0;
  for (let i = 0; i < expected.length; i += 1) {
    const difference = Math.abs(actual[i]! - expected[i]!);
    sum += difference;
    if (difference > limit) above += 1;
    if (!(difference <= max)) max = difference;
  }
  return { mean: sum / expected.length, max: Number.isNaN(sum) ? NaN : max, above: above / expected.length };
}
