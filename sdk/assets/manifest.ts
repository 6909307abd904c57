import { assetUrl, fetchText } from './fetch-asset';
import { checkVersion } from './check-version';
import { JsonReader } from './json-reader';

/** One file of a model with what it must be. */
export interface ModelFile {
  /** Path relative to the `models/` folder. */
  readonly file: string;
  /** Lower-case hexadecimal SHA-256 of the file. */
  readonly sha256: string;
  /** Length in bytes. */
  readonly bytes: number;
}

/** Input or output names of a network with their shapes. */
export type TensorShapes = Readonly<Record<string, readonly number[]>>;

/** An ONNX network with its interface. */
export interface NetworkFile extends ModelFile {
  /** Precision the network computes in. */
  readonly dtype: 'float32' | 'float16';
  readonly inputs: TensorShapes;
  readonly outputs: TensorShapes;
}

/**
 * Where a model wants faces cut out. `ffhq`: the FFHQ-aligned square. `eyes`: the square in which the middle between the
 * eyes lies at `eyeMiddle` (parts of the side, from left and top) and the eyes, seen from the front, are `eyeDistance` sides apart.
 */
export type CropConvention =
  | { readonly convention: 'ffhq'; readonly scale: number }
  | { readonly convention: 'eyes'; readonly eyeDistance: number; readonly eyeMiddle: readonly [number, number] };

/** A network that chooses parts of a pack's looks, and colours, that resemble a picture. Run once per picture. */
export interface StyleEncoderFile extends NetworkFile {
  /** Looks that its output `likeness` counts, in order. */
  readonly exemplars: readonly string[];
  /** Where each part lies in a code, as [first, past-last) values; in the order of `likeness`' rows. */
  readonly parts: CodeParts;
}

/** Named parts of a code: spans [first, past-last) of its values. */
export type CodeParts = Readonly<Record<string, readonly (readonly [number, number])[]>>;

/** One student with its style head, as `models/manifest.json` lists it. */
export interface ModelEntry {
  readonly id: string;
  readonly size: 'standard' | 'lite' | 'hd';
  /** Edge length of the crop in pixels. */
  readonly sizePx: number;
  readonly student: NetworkFile;
  /** The same network in half precision, for devices with `shader-f16`; null where there is none. */
  readonly studentFp16: NetworkFile | null;
  readonly styleHead: NetworkFile;
  /** Makes a look of a picture; null where the style has none. */
  readonly styleEncoder: StyleEncoderFile | null;
  /** How many of a code's first rows carry structure; the rest carries colour. */
  readonly structureRows: number;
  /** `golden.json`: one input with its output, to check a device with. */
  readonly golden: ModelFile;
  readonly crop: CropConvention;
  /** Multiply-accumulates per frame in thousands of millions. */
  readonly gmacs: number;
  /** Model to use where this one is too slow; null where there is none. */
  readonly fallback: string | null;
}

/** The models that an asset folder offers. */
export interface Manifest {
  readonly models: readonly ModelEntry[];
}

const VERSION = 1;
const FILE = 'models/manifest.json';

/**
 * Reads and checks `models/manifest.json`.
 * @throws FilterError `asset-missing`, `asset-corrupt` (names the field), `asset-version`, `aborted`.
 */
export async function loadManifest(assetBase: string | URL, signal?: AbortSignal): Promise<Manifest> {
  return parseManifest(await fetchText(assetUrl(assetBase, FILE), signal));
}

/**
 * Checks a manifest's text.
 * @throws FilterError `asset-corrupt` (names the field), `asset-version`.
 */
export function parseManifest(text: string): Manifest {
  const root = JsonReader.parse(text, FILE);
  checkVersion(root, FILE, VERSION);
  return Object.freeze({ models: Object.freeze(root.objects('models').map(readModel)) });
}

function readModel(model: JsonReader): ModelEntry {
  return Object.freeze({
    id: model.string('id', /^[a-z0-9-]+$/, 'an id of lower-case letters, digits and dashes'),
    size: model.oneOf('size', ['standard', 'lite', 'hd']),
    sizePx: model.integer('sizePx', 8),
    student: readNetwork(model.object('student')),
    studentFp16: model.has('studentFp16') ? readNetwork(model.object('studentFp16')) : null,
    styleHead: readNetwork(model.object('styleHead')),
    styleEncoder: model.has('styleEncoder') ? readEncoder(model.object('styleEncoder')) : null,
    structureRows: model.integer('structureRows'),
    golden: readFile(model.object('golden')),
    crop: readCrop(model.object('crop')),
    gmacs: model.number('gmacs', 0),
    fallback: model.has('fallback') ? model.string('fallback') : null,
  });
}

function readCrop(crop: JsonReader): CropConvention {
  if (crop.oneOf('convention', ['ffhq', 'eyes']) === 'ffhq') return { convention: 'ffhq', scale: crop.number('scale', 0.1, 10) };
  return { convention: 'eyes', eyeDistance: crop.number('eyeDistance', 0.05, 0.5), eyeMiddle: crop.pair('eyeMiddle', 0, 1) };
}

function readNetwork(network: JsonReader): NetworkFile {
  return Object.freeze({
    ...readFile(network),
    dtype: network.has('dtype') ? network.oneOf('dtype', ['float32', 'float16']) : 'float32',
    inputs: readShapes(network.object('inputs')),
    outputs: readShapes(network.object('outputs')),
  });
}

function readEncoder(encoder: JsonReader): StyleEncoderFile {
  const parts = encoder.object('parts');
  return Object.freeze({
    ...readNetwork(encoder),
    exemplars: encoder.strings('exemplars'),
    parts: Object.fromEntries(parts.keys().map((name) => [name, parts.spans(name)])),
  });
}

function readFile(file: JsonReader): ModelFile {
  return {
    file: file.relativePath('file'),
    sha256: file.string('sha256', /^[0-9a-f]{64}$/, '64 lower-case hexadecimal digits'),
    bytes: file.integer('bytes', 1),
  };
}

function readShapes(shapes: JsonReader): TensorShapes {
  return Object.fromEntries(shapes.keys().map((name) => [name, shapes.integers(name)]));
}
