import { CODE_ROW_LENGTH, readCode } from '../assets/exemplar-code';
import type { Exemplar, StylePack } from '../assets/style-pack';
import { FilterError } from '../errors';
import type { StyleMix } from '../options';
import type { CodeLayout, StyleRequest } from './style-codes';

/** How a style is drawn; what is left out comes from the pack's defaults. */
export interface StyleChoice {
  /** Look of the style, by id. */
  readonly exemplar?: string | undefined;
  /** How far shapes follow the look, 0…1. */
  readonly structure?: number | undefined;
  /** How far colours follow the look, 0…1. */
  readonly color?: number | undefined;
  /** 0 the look's colours, 1 the photo's. */
  readonly keepColor?: number | undefined;
  /** A second look to mix in: its id, and 0 none of it … 1 all of it. */
  readonly blend?: { readonly exemplar: string; readonly amount: number } | undefined;
  /** Parts of several looks in colours of its own, in place of `exemplar`. */
  readonly mix?: StyleMix | undefined;
  /** Draws a look by lot: shapes of one look (unless `exemplar` names it) and colours of another; the same for the same number. */
  readonly seed?: number | undefined;
}

/**
 * Turns a choice of look and sliders into what the style head takes.
 * @throws FilterError `bad-option` for a look the style does not have, naming those it has.
 */
export function resolveStyle(pack: StylePack, choice: StyleChoice): StyleRequest {
  const { seed } = choice;
  const base = seed === undefined || choice.exemplar !== undefined ? findExemplar(pack, choice.exemplar ?? pack.defaults.exemplar, 'options.style.exemplar') : drawExemplar(pack, seed, 0);
  const colours = seed === undefined ? base : drawExemplar(pack, seed, 1);
  const { amount = 0 } = choice.blend ?? {};
  const other = choice.blend ? findExemplar(pack, choice.blend.exemplar, 'options.style.blend.exemplar') : base;
  const structure = choice.structure ?? pack.defaults.structure;
  const color = choice.color ?? pack.defaults.color;
  const keepColor = choice.keepColor ?? pack.defaults.keepColor;
  const mixed = choice.mix && Object.entries(choice.mix.parts).map(([part, id]) => ({ part, exemplar: findExemplar(pack, id, `options.style.mix.parts.${part}`) }));
  const key = JSON.stringify([base.id, colours.id, choice.mix ?? null, ...(amount === 0 ? [] : [other.id, amount]), structure, color, keepColor]);
  const first = async (layout: CodeLayout): Promise<Float32Array> => {
    if (choice.mix && mixed) return assembleCode(pack, mixed, choice.mix.colors, layout);
    return colours === base ? readCode(base) : withColours(await readCode(base), await readCode(colours), layout.structureRows);
  };
  const codeRows = async (layout: CodeLayout): Promise<Float32Array> => {
    const code = await first(layout);
    return amount === 0 ? code : blended(code, await readCode(other), amount);
  };
  return { key, codeRows, structure, color, keepColor };
}

function withColours(structure: Float32Array, colours: Float32Array, structureRows: number): Float32Array {
  const first = structureRows * CODE_ROW_LENGTH;
  return structure.map((value, i) => (i < first ? value : (colours[i] ?? value)));
}

/** One of the pack's looks, by a number that says when it is drawn and one that says what for (an integer hash, so that neighbours differ). */
function drawExemplar({ exemplars }: StylePack, seed: number, purpose: number): Exemplar {
  let hash = Math.imul(seed ^ (purpose * 0x9e3779b9), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return exemplars[((hash ^ (hash >>> 16)) >>> 0) % exemplars.length]!;
}

/**
 * The code of parts of several looks, the twin of distill's `assemble`. What no part holds comes with the last part.
 * @throws FilterError `bad-option` for parts that the model's codes do not have.
 */
async function assembleCode(pack: StylePack, mixed: readonly MixedPart[], colors: readonly number[], { structureRows, parts }: CodeLayout): Promise<Float32Array> {
  const codes = await Promise.all(mixed.map(({ exemplar }) => readCode(exemplar)));
  const code = codes[codes.length - 1]!.slice();
  for (const [index, { part }] of mixed.entries()) {
    const spans = parts[part];
    if (!spans) throw new FilterError('bad-option', `options.style.mix.parts.${part} is not a part of style '${pack.id}' (${Object.keys(parts).join(', ') || 'it has none'}).`, { stage: 'options' });
    for (const [first, last] of spans) code.set(codes[index]!.subarray(first, last), first);
  }
  code.set(colors, structureRows * CODE_ROW_LENGTH);
  return code;
}

interface MixedPart {
  readonly part: string;
  readonly exemplar: Exemplar;
}

function blended(from: Float32Array, to: Float32Array, amount: number): Float32Array {
  return from.map((value, i) => value + ((to[i] ?? value) - value) * amount);
}

function findExemplar(pack: StylePack, id: string, path: string): Exemplar {
  const found = pack.exemplars.find((exemplar) => exemplar.id === id);
  if (found) return found;
  const known = pack.exemplars.map((exemplar) => `'${exemplar.id}'`).join(', ');
  throw new FilterError('bad-option', `${path} must be a look of style '${pack.id}' (${known}), but is '${id}'.`, { stage: 'options' });
}
