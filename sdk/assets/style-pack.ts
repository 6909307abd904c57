import { FilterError } from '../errors';
import { checkVersion } from './check-version';
import { NUMBER_ENCODINGS, type NumberEncoding } from './decode-numbers';
import { assetUrl, fetchText } from './fetch-asset';
import { JsonReader } from './json-reader';

/** One look of a style. */
export interface Exemplar {
  readonly id: string;
  /** Name for people. */
  readonly name: string;
  /** Absolute address of the extrinsic style code, row-major `[L, 512]`. */
  readonly codeUrl: string;
  /** How the code is written; `float32` where the pack says nothing. */
  readonly codeEncoding: NumberEncoding;
  /** Absolute address of a small picture of the look. */
  readonly thumbnailUrl: string;
  readonly licence: string;
  readonly author: string;
}

/** A style: its looks, the models that draw them, and how they are blended in. An immutable value. */
export interface StylePack {
  readonly id: string;
  /** Name for people. */
  readonly name: string;
  /** Model id by size. At least one. */
  readonly models: Readonly<Partial<Record<'standard' | 'lite' | 'hd', string>>>;
  /** At least one. */
  readonly exemplars: readonly Exemplar[];
  /** What an option means when it is left out. */
  readonly defaults: { readonly exemplar: string; readonly structure: number; readonly color: number; readonly keepColor: number };
  /** Width of the soft edge around the face as a part of the crop, 0…1. */
  readonly matte: { readonly feather: number };
  /** How far the styled face takes on the scene's colour, 0…1. */
  readonly color: { readonly match: number };
}

const VERSION = 1;

/**
 * Reads a style pack. The codes of its looks are read when they are chosen.
 * @param assetBase Folder with `filters/` in it.
 * @param style A style's id (`filters/<id>/pack.json` below `assetBase`), or the address of a `pack.json`.
 * @param signal Gives up.
 * @throws FilterError `asset-missing`, `asset-corrupt` (names the field), `asset-version`, `aborted`.
 */
export async function loadStylePack(assetBase: string | URL, style: string | URL, signal?: AbortSignal): Promise<StylePack> {
  const isId = typeof style === 'string' && /^[\w-]+$/.test(style);
  const packUrl = assetUrl(assetBase, isId ? `filters/${style}/pack.json` : String(style));
  const text = await fetchText(packUrl, signal).catch((error: unknown) => {
    if (!isId || !(error instanceof FilterError) || error.code !== 'asset-missing') throw error;
    throw new FilterError('asset-missing', `There is no style '${style}': ${error.message} Check options.style.`, { stage: 'load', fatal: true, cause: error });
  });
  return readPack(JsonReader.parse(text, nameOf(packUrl)), packUrl);
}

function readPack(root: JsonReader, packUrl: URL): StylePack {
  const file = nameOf(packUrl);
  checkVersion(root, file, VERSION);
  const defaults = root.object('defaults');
  const exemplars = root.objects('exemplars').map((exemplar) => readExemplar(exemplar, packUrl));
  checkExemplars(exemplars, defaults.string('exemplar'), file);
  return Object.freeze({
    id: root.string('id'),
    name: root.string('name'),
    models: readModels(root.object('models'), file),
    exemplars: Object.freeze(exemplars),
    defaults: Object.freeze({
      exemplar: defaults.string('exemplar'),
      structure: defaults.number('structure', 0, 1),
      color: defaults.number('color', 0, 1),
      keepColor: defaults.number('keepColor', 0, 1),
    }),
    matte: Object.freeze({ feather: root.object('matte').number('feather', 0, 1) }),
    color: Object.freeze({ match: root.object('color').number('match', 0, 1) }),
  });
}

function readModels(models: JsonReader, file: string): StylePack['models'] {
  const sizes = (['standard', 'lite', 'hd'] as const).filter((size) => models.has(size));
  if (sizes.length === 0) throw corrupt(file, `models must name a model for 'standard', 'lite' or 'hd', but names none`);
  return Object.freeze(Object.fromEntries(sizes.map((size) => [size, models.string(size)])));
}

function readExemplar(exemplar: JsonReader, packUrl: URL): Exemplar {
  return Object.freeze({
    id: exemplar.string('id'),
    name: exemplar.string('name'),
    codeUrl: new URL(exemplar.relativePath('code'), packUrl).href,
    codeEncoding: exemplar.has('codeEncoding') ? exemplar.oneOf('codeEncoding', NUMBER_ENCODINGS) : 'float32',
    thumbnailUrl: new URL(exemplar.relativePath('thumbnail'), packUrl).href,
    licence: exemplar.string('licence'),
    author: exemplar.string('author'),
  });
}

function checkExemplars(exemplars: readonly Exemplar[], defaultId: string, file: string): void {
  const first = exemplars[0];
  if (!first) throw corrupt(file, 'exemplars must name at least one look, but is empty');
  if (!exemplars.some((exemplar) => exemplar.id === defaultId)) throw corrupt(file, `defaults.exemplar must be the id of an exemplar, but is '${defaultId}'`);
}

function nameOf(url: URL): string {
  return url.pathname.split('/').slice(-3).join('/');
}

function corrupt(file: string, what: string): FilterError {
  return new FilterError('asset-corrupt', `${file}: ${what}. Restore the file from the package.`, { stage: 'load', fatal: true });
}
