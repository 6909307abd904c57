import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { inPage } from '../helpers/in-page';
import { openTestPage, type TestPage } from '../helpers/launch';

type Module = typeof import('./pages/filter-page');

let test: TestPage;

beforeAll(async () => {
  test = await openTestPage();
});
afterAll(() => test.close());

describe('StyleFilter.encode', () => {
  it("finds a look's parts and colours in its portrait, and draws with them", async () => {
    const seen = await inPage(
      test.page,
      'test/browser/pages/filter-page.ts',
      async ({ StyleFilter }: Module) => {
        const looks = ['aoi', 'gale', 'mika', 'rei'];
        const base = '/assets/filters/anime/';
        const blobOf = async (path: string): Promise<Blob> => (await fetch(base + path)).blob();
        const codeOf = async (id: string): Promise<Uint8Array> => new Uint8Array(await new Response((await blobOf(`codes/${id}.bin.gz`)).stream().pipeThrough(new DecompressionStream('gzip'))).arrayBuffer());
        const results = [];
        for (const look of looks) {
          const { mix } = await StyleFilter.encode(await blobOf(`thumbnails/${look}.jpg`), { style: 'anime' });
          const codes = await Promise.all([look, ...Object.values(mix!.parts)].map(codeOf));
          const wanted = codes[0]!.subarray(-512);
          const error = mix!.colors.reduce((sum, level, i) => sum + Math.abs(level - wanted[i]! / 255), 0) / mix!.colors.length;
          results.push({ colours: mix!.colors.length, error, sexes: new Set(codes.map((code) => code[0])).size });
        }
        const photo = await createImageBitmap(await (await fetch('/test/fixtures/face.jpg')).blob());
        const style = await StyleFilter.encode(await blobOf('thumbnails/aoi.jpg'), { style: 'anime' });
        const drawn = await StyleFilter.stylize(photo, { style: { ...style, structure: 1 }, backend: 'wasm' });
        const refused = await StyleFilter.encode(photo, { style: 'comic' }).then(() => '', (error: unknown) => String((error as Error).message));
        return { results, width: drawn.width, refused };
      },
      undefined,
    );
    for (const { colours, error, sexes } of seen.results) expect([colours, sexes, error < 0.2]).toEqual([9, 1, true]);
    expect(seen.width).toBeGreaterThan(0);
    expect(seen.refused).toContain("Style 'comic' cannot make a look of a picture");
  });
});
