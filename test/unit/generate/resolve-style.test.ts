import { describe, expect, it } from 'vitest';
import type { StylePack } from '../../../sdk/assets/style-pack';
import { FilterError } from '../../../sdk/errors';
import { resolveStyle } from '../../../sdk/generate/resolve-style';

const look = (id: string, value: number) => ({ id, name: id, code: new Float32Array(3 * 512).fill(value), thumbnailUrl: '', licence: '', author: '' });
const pack: StylePack = {
  id: 'tiny',
  name: 'Tiny',
  models: { lite: 'tiny-lite' },
  exemplars: [look('one', 1), look('two', 3)],
  defaults: { exemplar: 'two', structure: 0.25, color: 0.75, keepColor: 0.5 },
  matte: { feather: 0 },
  color: { match: 0 },
};
const model = { structureRows: 2 };

describe('resolveStyle', () => {
  it("takes everything left out from the pack's defaults", () => {
    const { codeRows, weights, keepColor } = resolveStyle(pack, model, {});
    expect(codeRows).toEqual(pack.exemplars[1]!.code);
    expect(Array.from(weights)).toEqual([0.25, 0.25, 0.75]);
    expect(keepColor).toBe(0.5);
  });

  it('gives the first rows the structure weight and the others the colour weight, zero included', () => {
    const { weights, keepColor } = resolveStyle(pack, model, { exemplar: 'one', structure: 0, color: 1, keepColor: 0 });
    expect(Array.from(weights)).toEqual([0, 0, 1]);
    expect(keepColor).toBe(0);
  });

  it.each([[0, 1], [0.25, 1.5], [1, 3]])('mixes the second look in by %d', (amount, expected) => {
    const { codeRows } = resolveStyle(pack, model, { exemplar: 'one', blend: { exemplar: 'two', amount } });
    expect(new Set(codeRows)).toEqual(new Set([expected]));
    expect(pack.exemplars[0]!.code[0]).toBe(1);
  });

  it.each([
    [{ exemplar: 'three' }, 'options.style.exemplar'],
    [{ blend: { exemplar: 'three', amount: 0.5 } }, 'options.style.blend.exemplar'],
  ])('names the looks there are when one is unknown: %j', (choice, path) => {
    const attempt = () => resolveStyle(pack, model, choice);
    expect(attempt).toThrow(FilterError);
    expect(attempt).toThrow(`${path} must be a look of style 'tiny' ('one', 'two'), but is 'three'.`);
  });
});
