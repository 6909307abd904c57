import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { inPage } from '../helpers/in-page';
import { openTestPage, type TestPage } from '../helpers/launch';
import { ROOT } from '../helpers/serve';
import { addTinyStyle } from '../helpers/tiny-assets';

type Module = typeof import('./pages/filter-page');

let test: TestPage;

beforeAll(async () => {
  test = await openTestPage();
});
afterAll(() => test.close());

describe('StyleFilter.encode', () => {
  it('finds the looks of “anime” again in their own pictures', async () => {
    const { exemplars } = JSON.parse(readFileSync(join(ROOT, 'filters/anime/pack.json'), 'utf8')) as { exemplars: { id: string; thumbnail: string }[] };
    const found = await inPage(
      test.page,
      'test/browser/pages/filter-page.ts',
      async ({ StyleFilter }: Module, pictures) => {
        const looks: Record<string, string>[] = [];
        for (const url of pictures) {
          const { mix } = await StyleFilter.encode(await (await fetch(url)).blob(), { style: 'anime' });
          looks.push({ ...mix?.parts });
        }
        return looks;
      },
      exemplars.slice(0, 12).map(({ thumbnail }) => `/filters/anime/${thumbnail}`),
    );
    const right = found.flatMap((parts, index) => Object.values(parts).map((id) => Number(id === exemplars[index]!.id)));
    // One in some twelve of a sex by chance.
    expect(right.reduce((sum, one) => sum + one) / right.length).toBeGreaterThan(0.5);
  });

  it('makes a look of the middle square of a picture, which can be drawn', async () => {
    addTinyStyle(test.server.overrides);
    const seen = await inPage(
      test.page,
      'test/browser/pages/filter-page.ts',
      async ({ StyleFilter }: Module) => {
        const picture = (color: string): OffscreenCanvas => {
          const canvas = new OffscreenCanvas(300, 100);
          const context = canvas.getContext('2d')!;
          context.fillStyle = 'blue';
          context.fillRect(0, 0, 300, 100);
          context.fillStyle = color;
          context.fillRect(100, 0, 100, 100);
          return canvas;
        };
        const red = await StyleFilter.encode(picture('rgb(255, 0, 0)'), { style: 'tiny' });
        const green = await StyleFilter.encode(picture('rgb(255, 255, 0)'), { style: 'tiny' });
        const greener = await StyleFilter.encode(picture('rgb(204, 255, 0)'), { style: 'tiny' });
        const photo = await createImageBitmap(await (await fetch('/test/fixtures/face.jpg')).blob());
        const draw = async (style: object): Promise<number> => {
          const drawn = await StyleFilter.stylize(photo, { style: { id: 'tiny', ...style }, backend: 'wasm' });
          const context = new OffscreenCanvas(1, 1).getContext('2d')!;
          context.drawImage(drawn, drawn.width / 2, drawn.height / 2, 8, 8, 0, 0, 1, 1);
          return context.getImageData(0, 0, 1, 1).data[0]!;
        };
        const refusal = await StyleFilter.encode(photo, { style: 'comic' }).then(() => '', (error: unknown) => (error as Error).message);
        return { red, green, greener, grey: await draw({ mix: { parts: { face: 'grey' }, colors: [1] } }), plain: await draw(red), refusal };
      },
      undefined,
    );
    expect(seen.red).toEqual({ id: 'tiny', mix: { parts: { face: 'plain' }, colors: [1, 0, 0] } });
    expect(seen.green.mix?.parts).toEqual({ face: 'plain' });
    expect(seen.greener.mix?.parts).toEqual({ face: 'grey' });
    expect(seen.greener.mix?.colors[0]).toBeCloseTo(0.8, 2);
    expect(seen.grey).toBeGreaterThan(120);
    expect(seen.grey).toBeLessThan(136);
    expect(seen.plain).not.toBe(seen.grey);
    expect(seen.refusal).toContain("Style 'comic' cannot make a look of a picture");
  });
});
