import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Exemplar, StylePack } from '../../../sdk/assets/style-pack';
import { FilterError } from '../../../sdk/errors';
import { resolveStyle, type StyleChoice } from '../../../sdk/generate/resolve-style';
import { FAKE_BASE, fakeOrigin } from '../../helpers/fake-origin';

const look = (id: string): Exemplar => ({ id, name: id, codeUrl: `${FAKE_BASE}${id}.bin`, codeEncoding: 'float32', thumbnailUrl: '', licence: '', author: '' });
const codeOf = (value: number): Uint8Array => new Uint8Array(new Float32Array(3 * 512).fill(value).buffer);
const pack: StylePack = {
  id: 'tiny',
  name: 'Tiny',
  models: { lite: 'tiny-lite' },
  exemplars: [look('one'), look('two')],
  defaults: { exemplar: 'two', structure: 0.25, color: 0.75, keepColor: 0.5 },
  matte: { feather: 0 },
  color: { match: 0 },
};

beforeEach(() => void fakeOrigin(new Map([['one.bin', codeOf(1)], ['two.bin', codeOf(3)]])));
afterEach(() => vi.unstubAllGlobals());

const layout = { structureRows: 2, parts: { top: [[0, 300]], bottom: [[512, 600], [700, 701]] } } as const;
const valuesOf = async (choice: StyleChoice): Promise<Set<number>> => new Set(await resolveStyle(pack, choice).codeRows(layout));

describe('resolveStyle', () => {
  it("takes everything left out from the pack's defaults", async () => {
    expect(resolveStyle(pack, {})).toMatchObject({ structure: 0.25, color: 0.75, keepColor: 0.5 });
    expect(await valuesOf({})).toEqual(new Set([3]));
  });

  it('takes what is given, zero included', async () => {
    expect(resolveStyle(pack, { exemplar: 'one', structure: 0, color: 1, keepColor: 0 })).toMatchObject({ structure: 0, color: 1, keepColor: 0 });
    expect(await valuesOf({ exemplar: 'one' })).toEqual(new Set([1]));
  });

  it.each([[0, 1], [0.25, 1.5], [1, 3]])('mixes the second look in by %d', async (amount, expected) => {
    expect(await valuesOf({ exemplar: 'one', blend: { exemplar: 'two', amount } })).toEqual(new Set([expected]));
  });

  it('puts parts of several looks together, in colours of their own', async () => {
    const code = await resolveStyle(pack, { mix: { parts: { top: 'one', bottom: 'two' }, colors: [0.5, 0.25] } }).codeRows(layout);
    expect([code[0], code[299], code[300], code[599], code[700], code[1024], code[1025], code[1026]]).toEqual([1, 1, 3, 3, 3, 0.5, 0.25, 3]);
    const keys = [[0.5], [0.6]].map((colors) => resolveStyle(pack, { mix: { parts: { top: 'one' }, colors } }).key);
    expect(new Set([...keys, resolveStyle(pack, {}).key]).size).toBe(3);
  });

  it.each([
    [{ top: 'three' }, /options\.style\.mix\.parts\.top must be a look of style 'tiny' \('one', 'two'\), but is 'three'/],
    [{ hat: 'one' }, /options\.style\.mix\.parts\.hat is not a part of style 'tiny' \(top, bottom\)/],
  ])('refuses a mixture of %o', async (parts: Readonly<Record<string, string>>, message) => {
    await expect((async () => resolveStyle(pack, { mix: { parts, colors: [] } }).codeRows(layout))()).rejects.toThrow(message);
  });

  it('draws shapes and colours by lot, the same ones for the same number', async () => {
    const drawn = await Promise.all(Array.from({ length: 40 }, async (_, seed) => (await resolveStyle(pack, { seed }).codeRows(layout)).filter((_value, i) => i % 512 === 0).join()));
    expect(new Set(drawn)).toEqual(new Set(['1,1,1', '1,1,3', '3,3,1', '3,3,3']));
    expect((await resolveStyle(pack, { seed: 7 }).codeRows(layout)).filter((_value, i) => i % 512 === 0).join()).toBe(drawn[7]);
    const shaped = await Promise.all(Array.from({ length: 40 }, async (_, seed) => (await resolveStyle(pack, { exemplar: 'one', seed }).codeRows(layout)).filter((_value, i) => i % 512 === 0).join()));
    expect(new Set(shaped)).toEqual(new Set(['1,1,1', '1,1,3']));
  });

  it('gives the same key to what draws the same, and another to everything else', () => {
    const keyOf = (choice: StyleChoice): string => resolveStyle(pack, choice).key;
    expect(keyOf({ exemplar: 'two', structure: 0.25, color: 0.75, keepColor: 0.5 })).toBe(keyOf({}));
    expect(keyOf({ blend: { exemplar: 'one', amount: 0 } })).toBe(keyOf({}));
    const seedOfOtherColours = [0, 1, 2, 3, 4, 5, 6].find((seed) => keyOf({ exemplar: 'two', seed }) !== keyOf({}));
    const choices: StyleChoice[] = [{}, { exemplar: 'one' }, { structure: 1 }, { color: 1 }, { keepColor: 1 }, { blend: { exemplar: 'one', amount: 0.5 } }, { blend: { exemplar: 'one', amount: 0.6 } }, { exemplar: 'two', seed: seedOfOtherColours }];
    expect(new Set(choices.map(keyOf)).size).toBe(choices.length);
  });

  it.each([
    [{ exemplar: 'three' }, 'options.style.exemplar'],
    [{ blend: { exemplar: 'three', amount: 0.5 } }, 'options.style.blend.exemplar'],
  ])('names the looks there are when one is unknown: %j', (choice, path) => {
    const attempt = () => resolveStyle(pack, choice);
    expect(attempt).toThrow(FilterError);
    expect(attempt).toThrow(`${path} must be a look of style 'tiny' ('one', 'two'), but is 'three'.`);
  });
});
