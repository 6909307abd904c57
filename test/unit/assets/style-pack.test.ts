import { afterEach, describe, expect, it, vi } from 'vitest';
import { loadStylePack } from '../../../sdk/assets/style-pack';
import type { FilterError } from '../../../sdk/errors';
import { FAKE_BASE, fakeOrigin } from '../../helpers/fake-origin';
import { setField, tinyStyle, type TinyStyle } from '../../helpers/tiny-style';

afterEach(() => vi.unstubAllGlobals());

function load(change: (style: TinyStyle) => void = () => undefined, id = 'tiny') {
  const style = tinyStyle();
  change(style);
  style.files.set('filters/tiny/pack.json', new TextEncoder().encode(JSON.stringify(style.pack)));
  fakeOrigin(style.files);
  return loadStylePack(FAKE_BASE, id);
}

const failure = (promise: Promise<unknown>) => promise.then(() => Promise.reject(new Error('It was not refused.')), (error: FilterError) => error);

describe('loadStylePack', () => {
  it('reads a style', async () => {
    const pack = await load();
    expect(pack).toMatchObject({ id: 'tiny', models: { standard: 'tiny-standard', lite: 'tiny-lite' }, defaults: { exemplar: 'one', structure: 1 }, matte: { feather: 0.1 }, color: { match: 0.2 } });
    expect(pack.exemplars.map(({ id, codeUrl, codeEncoding }) => [id, codeUrl, codeEncoding])).toEqual(['one', 'two'].map((id) => [id, `${FAKE_BASE}filters/tiny/codes/${id}.bin`, 'float32']));
    expect(pack.exemplars[0]!.thumbnailUrl).toBe(`${FAKE_BASE}filters/tiny/thumbs/one.jpg`);
  });

  it('takes the address of a pack, too, and survives the trip to a worker', async () => {
    const style = tinyStyle();
    fakeOrigin(style.files);
    const pack = await loadStylePack('http://other.example/', `${FAKE_BASE}filters/tiny/pack.json`);
    expect(structuredClone(pack)).toEqual(pack);
  });

  it('says that there is no such style', async () => {
    const error = await failure(load(undefined, 'cubist'));
    expect(error).toMatchObject({ code: 'asset-missing', stage: 'load', fatal: true });
    expect(error.message).toMatch(/^There is no style 'cubist': http:\/\/assets\.example\/filters\/cubist\/pack\.json could not be fetched \(the server answered 404\)/);
  });

  it.each<[string, (style: TinyStyle) => void, string, string]>([
    ['another version', ({ pack }) => setField(pack, 'version', 3), 'asset-version', 'filters/tiny/pack.json has version 3'],
    ['no model', ({ pack }) => setField(pack, 'models', {}), 'asset-corrupt', "models must name a model for 'standard', 'lite' or 'hd'"],
    ['no look', ({ pack }) => setField(pack, 'exemplars', []), 'asset-corrupt', 'exemplars must name at least one look'],
    ['a default look that is none', ({ pack }) => setField(pack, 'defaults.exemplar', 'zero'), 'asset-corrupt', "defaults.exemplar must be the id of an exemplar, but is 'zero'"],
    ['a weight out of range', ({ pack }) => setField(pack, 'defaults.color', 7), 'asset-corrupt', 'defaults.color must be a number from 0 to 1, but is 7'],
    ['a code written in a way it does not know', ({ pack }) => setField(pack, 'exemplars.1.codeEncoding', 'morse'), 'asset-corrupt', `exemplars[1].codeEncoding must be one of 'float32', 'float16', 'float16-gzip', 'uint8', 'uint8-gzip', but is "morse"`],
  ])('refuses %s', async (_, change, code, message) => {
    const error = await failure(load(change));
    expect(error.code).toBe(code);
    expect(error.message).toContain(message);
  });
});
