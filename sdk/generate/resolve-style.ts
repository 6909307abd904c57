import { readCode } from '../assets/exemplar-code';
import type { Exemplar, StylePack } from '../assets/style-pack';
import { FilterError } from '../errors';
import type { StyleRequest } from './style-codes';

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
}

/**
 * Turns a choice of look and sliders into what the style head takes.
 * @throws FilterError `bad-option` for a look the style does not have, naming those it has.
 */
export function resolveStyle(pack: StylePack, choice: StyleChoice): StyleRequest {
  const base = findExemplar(pack, choice.exemplar ?? pack.defaults.exemplar, 'options.style.exemplar');
  const { amount = 0 } = choice.blend ?? {};
  const other = choice.blend ? findExemplar(pack, choice.blend.exemplar, 'options.style.blend.exemplar') : base;
  const structure = choice.structure ?? pack.defaults.structure;
  const color = choice.color ?? pack.defaults.color;
  const keepColor = choice.keepColor ?? pack.defaults.keepColor;
  const key = JSON.stringify([base.id, ...(amount === 0 ? [] : [other.id, amount]), structure, color, keepColor]);
  const codeRows = async (): Promise<Float32Array> => (amount === 0 ? readCode(base) : mix(...(await Promise.all([readCode(base), readCode(other)])), amount));
  return { key, codeRows, structure, color, keepColor };
}

function mix(from: Float32Array, to: Float32Array, amount: number): Float32Array {
  return from.map((value, i) => value + ((to[i] ?? value) - value) * amount);
}

function findExemplar(pack: StylePack, id: string, path: string): Exemplar {
  const found = pack.exemplars.find((exemplar) => exemplar.id === id);
  if (found) return found;
  const known = pack.exemplars.map((exemplar) => `'${exemplar.id}'`).join(', ');
  throw new FilterError('bad-option', `${path} must be a look of style '${pack.id}' (${known}), but is '${id}'.`, { stage: 'options' });
}
