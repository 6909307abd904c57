import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseManifest } from '../../sdk/assets/manifest';
import { inPage } from '../helpers/in-page';
import { openTestPage, type TestPage } from '../helpers/launch';
import { ROOT } from '../helpers/serve';

type Module = typeof import('../browser/pages/generate-page');

const MODULE = 'test/browser/pages/generate-page.ts';
const { models } = parseManifest(readFileSync(join(ROOT, 'models/manifest.json'), 'utf8'));

let test: TestPage;

beforeAll(async () => {
  test = await openTestPage({ webgpu: true });
});
afterAll(() => test.close());

describe.each(models.map(({ id }) => id))('%s', (id) => {
  it('gives in Chromium on WebAssembly what PyTorch gave', async () => {
    const { student, styleHead, outliers } = await inPage(test.page, MODULE, ({ goldenDeviation }: Module, id) => goldenDeviation('/', id), id);
    expect(student.mean).toBeLessThanOrEqual(1e-3);
    expect(student.above).toBeLessThanOrEqual(outliers);
    expect(styleHead?.max ?? 0).toBeLessThanOrEqual(1e-3);
  });
});

describe.each(['lite', 'standard'] as const)('comic, %s', (quality) => {
  it('looks the same on WebGPU as on WebAssembly, through the whole stage', async () => {
    const result = await inPage(
      test.page,
      MODULE,
      async ({ byteDifference, styledPixels }: Module, quality) => {
        const looks = ['classic', 'noir'];
        const crop = [1 / 300, 0.0003, -0.2, -0.0003, 1 / 300, -0.1] as const;
        const wasm = await styledPixels('/test/fixtures/face.jpg', crop, 'wasm', quality, looks);
        const webgpu = await styledPixels('/test/fixtures/face.jpg', crop, 'webgpu', quality, looks);
        return {
          ran: [wasm.ran, webgpu.ran],
          dtype: webgpu.dtype,
          differences: wasm.pixels.map((pixels, i) => byteDifference(pixels, webgpu.pixels[i]!)),
          // That the comparison is about something.
          looks: byteDifference(wasm.pixels[0]!, wasm.pixels[1]!).mean,
        };
      },
      quality,
    );
    expect(result.ran).toEqual(['wasm', 'webgpu']);
    for (const { mean, p999 } of result.differences) {
      expect(mean).toBeLessThanOrEqual(2);
      expect(p999).toBeLessThanOrEqual(8);
    }
    expect(result.looks).toBeGreaterThan(5);
    console.log(`${quality}, ${result.dtype}: ${JSON.stringify(result.differences)}`);
  });
});
