/**
 * The student that `python -m distill smoke` left in a folder, in a real browser. Python makes that folder, so these tests
 * run only where it is named: `STYLEFILTER_RECIPE=OUT npx vitest run -c test/vitest.config.ts test/parity/recipe.test.ts`.
 */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { inPage } from '../helpers/in-page';
import { openTestPage, type TestPage } from '../helpers/launch';

type Module = typeof import('../browser/pages/generate-page');

const MODULE = 'test/browser/pages/generate-page.ts';
const BASE = '/recipe/';
const folder = process.env['STYLEFILTER_RECIPE'] ?? '';

describe.skipIf(folder === '')('the student of the smoke recipe', () => {
  let test: TestPage;

  beforeAll(async () => {
    test = await openTestPage();
    for (const part of ['models', 'filters']) {
      for (const name of readdirSync(join(folder, part), { recursive: true, encoding: 'utf8' })) {
        const path = join(folder, part, name);
        if (statSync(path).isFile()) test.server.overrides.set(`${BASE}${part}/${name}`, { body: readFileSync(path) });
      }
    }
  });
  afterAll(() => test.close());

  it('gives in Chromium what PyTorch gave', async () => {
    const { student, styleHead, outliers } = await inPage(test.page, MODULE, ({ goldenDeviation }: Module, base) => goldenDeviation(base, 'smoke'), BASE);
    expect(student.mean).toBeLessThanOrEqual(1e-3);
    expect(student.above).toBeLessThanOrEqual(outliers);
    expect(styleHead?.max ?? 0).toBeLessThanOrEqual(1e-3);
  });

  it('draws a face in each of its looks', async () => {
    const result = await inPage(
      test.page,
      MODULE,
      async ({ byteDifference, styledPixels }: Module, base) => {
        const crop = [1 / 300, 0.0003, -0.2, -0.0003, 1 / 300, -0.1] as const;
        const { pixels, sizePx } = await styledPixels('/test/fixtures/face.jpg', crop, 'wasm', 'lite', ['000', '001'], 'smoke', base);
        const opaque = pixels[0]!.filter((value, i) => i % 4 === 3 && value > 127).length;
        return { looks: pixels.length, difference: byteDifference(pixels[0]!, pixels[1]!).mean, opaqueShare: opaque / sizePx ** 2 };
      },
      BASE,
    );
    expect(result.looks).toBe(2);
    expect(result.difference).toBeGreaterThan(0);
    console.log(JSON.stringify(result));
  });
});
