import { createHash } from 'node:crypto';
import type { Override } from './serve';
import { writeOnnx, type Graph, type Node } from './onnx-writer';

/** Rows of the tiny style's codes. */
export const TINY_ROWS = 2;

/**
 * A whole style whose networks do sums one can do in one's head, in the layout of the asset folder.
 * The student returns `face × modulation[0]` with the matte `modulation[2]`; a value of `modulation[1]` other than 0 or 1
 * makes its run fail on WASM. The style head returns `[code[0][0] × weights[0], code[0][1], code[1][0] × weights[1] × (1 − keepColor)]`.
 * The style encoder finds the first look's first row in red pictures, the second's in green ones, and their mean colour.
 */
export interface TinyStyle {
  /** Files by path below the asset folder. */
  readonly files: Map<string, Uint8Array>;
  /** The content of the manifest. */
  readonly manifest: object;
  /** The content of `pack.json`. */
  readonly pack: Record<string, unknown>;
}

/** Changes one field by its path (`models.0.student.sha256`); undefined removes it. */
export function setField(target: object, path: string, value: unknown): void {
  const keys = path.split('.');
  const last = keys.pop()!;
  const owner = keys.reduce((object, key) => object[key] as Record<string, unknown>, target as Record<string, unknown>);
  owner[last] = value;
}

/** What can be asked of a {@link tinyStyle}. */
export interface TinyStyleOptions {
  readonly sizePx?: number;
  /** What the golden pair says the output is, in place of the right number: the right one times this. Default 1. */
  readonly goldenFactor?: number;
  /** What the networks in half precision return, if there are any: the right numbers times this. Default: there are none. */
  readonly halfFactor?: number;
  /** The two looks that the style encoder tells apart. Default: `one` and `two`. */
  readonly looks?: readonly string[];
}

/** Makes the tiny style with id `tiny`, models `tiny-standard` and `tiny-lite`, looks `one` and `two`. */
export function tinyStyle(options: TinyStyleOptions = {}): TinyStyle {
  const files = new Map<string, Uint8Array>();
  const looks = options.looks ?? ['one', 'two'];
  const models = [tinyModel('tiny-standard', 'standard', looks, options, files), tinyModel('tiny-lite', 'lite', looks, options, files)];
  const manifest = { version: 1, models };
  const look = (id: string, gain: number): Record<string, string> => {
    const code = new Float32Array(TINY_ROWS * 512);
    code[0] = gain;
    code[512] = 1;
    files.set(`filters/tiny/codes/${id}.bin`, bytesOf(code));
    return { id, name: `Look ${id}`, code: `codes/${id}.bin`, thumbnail: `thumbs/${id}.jpg`, licence: 'CC0-1.0', author: 'nobody' };
  };
  const pack = {
    version: 1,
    id: 'tiny',
    name: 'Tiny',
    models: { standard: 'tiny-standard', lite: 'tiny-lite' },
    exemplars: [look('one', 1), look('two', 0.5)],
    defaults: { exemplar: 'one', structure: 1, color: 1, keepColor: 0 },
    matte: { feather: 0.1 },
    color: { match: 0.2 },
  };
  files.set('filters/tiny/pack.json', json(pack));
  files.set('models/manifest.json', json(manifest));
  return { files, manifest, pack };
}

/** Serves the style below a path. */
export function serveTiny(style: TinyStyle, overrides: Map<string, Override>, base = '/tiny/'): void {
  for (const [path, body] of style.files) overrides.set(`${base}${path}`, { body, type: 'application/octet-stream' });
}

function tinyModel(id: string, size: string, looks: readonly string[], { sizePx = 64, goldenFactor = 1, halfFactor }: TinyStyleOptions, files: Map<string, Uint8Array>): Record<string, unknown> {
  const put = (name: string, body: Uint8Array): { file: string; sha256: string; bytes: number } => {
    files.set(`models/${id}/${name}`, body);
    return { file: `${id}/${name}`, sha256: createHash('sha256').update(body).digest('hex'), bytes: body.byteLength };
  };
  const area = sizePx * sizePx;
  const face = Float32Array.from({ length: 3 * area }, (_, i) => ((i * 7) % 256) / 127.5 - 1);
  const modulation = Float32Array.of(0.5, 0, 0.75);
  const styled = new Float32Array(4 * area).fill(0.75 * goldenFactor);
  face.forEach((value, i) => (styled[i] = value * 0.5 * goldenFactor));
  put('golden-face.bin', Uint8Array.from(face, (value) => Math.round((value + 1) * 127.5)));
  put('golden-modulation.bin', bytesOf(modulation));
  put('golden-styled.bin', bytesOf(styled));
  const golden = {
    tolerance: { float32: 1e-3, float16: { mean: 2e-3, max: 3e-2 } },
    face: { file: 'golden-face.bin', shape: [1, 3, sizePx, sizePx], encoding: 'uint8' },
    modulation: { file: 'golden-modulation.bin', shape: [1, 3], encoding: 'float32' },
    styled: { file: 'golden-styled.bin', shape: [1, 4, sizePx, sizePx], encoding: 'float32' },
    structure: 1,
    color: 1,
    keepColor: 0,
  };
  const ports = (graph: Graph) => ({ inputs: Object.fromEntries(graph.inputs), outputs: Object.fromEntries(graph.outputs) });
  const student = studentGraph(sizePx);
  const head = headGraph();
  const encoder = encoderGraph();
  return {
    id,
    size,
    sizePx,
    student: { ...put('student.onnx', writeOnnx(student)), dtype: 'float32', opset: 17, ...ports(student) },
    // Single precision inside: what matters here is which file is taken.
    studentFp16: halfFactor === undefined ? null : { ...put('student-fp16.onnx', writeOnnx(studentGraph(sizePx, halfFactor))), dtype: 'float16', opset: 17, ...ports(student) },
    styleHead: { ...put('style-head.onnx', writeOnnx(head)), ...ports(head) },
    styleEncoder: { ...put('encoder.onnx', writeOnnx(encoder)), ...ports(encoder), exemplars: looks, parts: { face: [[0, 512]] } },
    structureRows: 1,
    golden: put('golden.json', json(golden)),
    crop: { convention: 'ffhq', scale: 1 },
    gmacs: 0,
    licence: 'Apache-2.0',
    fallback: size === 'lite' ? null : 'tiny-lite',
  };
}

function studentGraph(sizePx: number, factor = 1): Graph {
  return {
    inputs: [['face', [1, 3, sizePx, sizePx]], ['modulation', [1, 3]]],
    outputs: [['styled', [1, 4, sizePx, sizePx]]],
    constants: [...INDICES, { name: 'zero', shape: [1], data: Float32Array.of(0) }, { name: 'two_zeros', shape: [2], data: Float32Array.of(0, 0) }, { name: 'factor', shape: [1], data: Float32Array.of(factor) }],
    nodes: [
      ...[0, 1, 2].map((i) => pick('modulation', i, `m${i}`)),
      { op: 'Mul', inputs: ['m0', 'factor'], output: 'gain' },
      { op: 'Mul', inputs: ['face', 'gain'], output: 'rgb' },
      { op: 'Cast', inputs: ['m1'], output: 'index', attributes: { to: 7 } },
      { op: 'Gather', inputs: ['two_zeros', 'index'], output: 'guard' },
      { op: 'Add', inputs: ['rgb', 'guard'], output: 'guarded' },
      pick('face', 0, 'red'),
      { op: 'Mul', inputs: ['red', 'zero'], output: 'blank' },
      { op: 'Add', inputs: ['blank', 'm2'], output: 'matte' },
      { op: 'Concat', inputs: ['guarded', 'matte'], output: 'styled', attributes: { axis: 1 } },
    ],
  };
}

function headGraph(): Graph {
  return {
    inputs: [['extrinsic_code', [1, TINY_ROWS, 512]], ['weights', [1, TINY_ROWS]], ['keep_color', [1, 1]]],
    outputs: [['modulation', [1, 3]]],
    constants: [...INDICES, { name: 'one', shape: [1], data: Float32Array.of(1) }, { name: 'scalar0', shape: [], data: BigInt64Array.of(0n) }, { name: 'scalar1', shape: [], data: BigInt64Array.of(1n) }],
    nodes: [
      { op: 'Gather', inputs: ['extrinsic_code', 'scalar0'], output: 'row0', attributes: { axis: 1 } },
      { op: 'Gather', inputs: ['extrinsic_code', 'scalar1'], output: 'row1', attributes: { axis: 1 } },
      pick('row0', 0, 'code00'),
      pick('row0', 1, 'code01'),
      pick('row1', 0, 'code10'),
      pick('weights', 0, 'weight0'),
      pick('weights', 1, 'weight1'),
      { op: 'Mul', inputs: ['code00', 'weight0'], output: 'gain' },
      { op: 'Mul', inputs: ['code10', 'weight1'], output: 'weighted' },
      { op: 'Sub', inputs: ['one', 'keep_color'], output: 'own' },
      { op: 'Mul', inputs: ['weighted', 'own'], output: 'matte' },
      { op: 'Concat', inputs: ['gain', 'code01', 'matte'], output: 'modulation', attributes: { axis: 1 } },
    ],
  };
}

function encoderGraph(): Graph {
  return {
    inputs: [['exemplar', [1, 3, 8, 8]]],
    outputs: [['likeness', [1, 1, 2]], ['colours', [1, 3]]],
    constants: [
      ...INDICES,
      { name: 'half', shape: [1], data: Float32Array.of(0.5) },
      { name: 'sides', shape: [2], data: BigInt64Array.of(2n, 3n) },
      { name: 'parts', shape: [1], data: BigInt64Array.of(1n) },
    ],
    nodes: [
      { op: 'GlobalAveragePool', inputs: ['exemplar'], output: 'means' },
      { op: 'Squeeze', inputs: ['means', 'sides'], output: 'mean' },
      pick('mean', 0, 'red'),
      pick('mean', 1, 'green'),
      { op: 'Concat', inputs: ['red', 'green'], output: 'both', attributes: { axis: 1 } },
      { op: 'Unsqueeze', inputs: ['both', 'parts'], output: 'likeness' },
      { op: 'Mul', inputs: ['mean', 'half'], output: 'halved' },
      { op: 'Add', inputs: ['halved', 'half'], output: 'colours' },
    ],
  };
}

const INDICES = [0, 1, 2].map((i) => ({ name: `index${i}`, shape: [1], data: BigInt64Array.of(BigInt(i)) }));

function pick(input: string, index: number, output: string): Node {
  return { op: 'Gather', inputs: [input, `index${index}`], output, attributes: { axis: 1 } };
}

function bytesOf(numbers: Float32Array): Uint8Array {
  return new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength);
}

function json(value: unknown): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(value));
}
