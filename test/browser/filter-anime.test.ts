import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { StylePack } from '../../sdk/assets/style-pack';
import { cameraClip } from '../helpers/clip';
import { inPage } from '../helpers/in-page';
import { openTestPage, type TestPage } from '../helpers/launch';
import { ROOT } from '../helpers/serve';

type Module = typeof import('./pages/filter-page');

let test: TestPage;

beforeAll(async () => {
  test = await openTestPage({ cameraFile: await cameraClip() });
});
afterAll(() => test.close());

describe('the style anime', () => {
  it('draws the face of a real clip, follows it, and changes its look', async () => {
    const seen = await inPage(
      test.page,
      'test/browser/pages/filter-page.ts',
      async ({ StyleFilter, untilStats }: Module) => {
        const stream = await navigator.mediaDevices.getUserMedia({ video: true });
        const handle = await StyleFilter.attach(stream.getVideoTracks()[0]!, { style: 'anime', backend: 'wasm', output: 'none' });
        const first = await untilStats(handle, ({ styledFrames }) => styledFrames >= 3);
        await handle.setStyle({ id: 'anime', seed: 3, structure: 1 });
        const second = await untilStats(handle, ({ styledFrames, styleHeadRuns }) => styleHeadRuns > first.styleHeadRuns && styledFrames >= first.styledFrames + 3);
        await handle.detach();
        stream.getTracks().forEach((track) => track.stop());
        return { modelId: first.modelId, faces: second.faces, failed: second.failedFrames };
      },
      undefined,
    );
    const { models } = JSON.parse(readFileSync(join(ROOT, 'filters/anime/pack.json'), 'utf8')) as Pick<StylePack, 'models'>;
    // Without a graphics card the small model, if the style has one.
    expect(seen).toEqual({ modelId: models.lite ?? models.standard, faces: 1, failed: 0 });
  });

  it('draws something else than the picture where the face is, another look in other colours, and what a person does', async () => {
    const seen = await inPage(
      test.page,
      'test/browser/pages/filter-page.ts',
      async ({ StyleFilter }: Module) => {
        const photo = await createImageBitmap(await (await fetch('/test/fixtures/face.jpg')).blob());
        const pixelsOf = (image: CanvasImageSource): Uint8ClampedArray => {
          const canvas = new OffscreenCanvas(64, 64);
          const context = canvas.getContext('2d', { willReadFrequently: true })!;
          context.drawImage(image, 0, 0, 64, 64);
          return context.getImageData(24, 26, 16, 16).data;
        };
        const difference = (a: Uint8ClampedArray, b: Uint8ClampedArray): number => a.reduce((sum, value, i) => sum + Math.abs(value - b[i]!), 0) / a.length;
        const draw = async (style: object) => {
          const drawn = await StyleFilter.stylize(photo, { style: { id: 'anime', ...style }, backend: 'wasm' });
          return pixelsOf(drawn);
        };
        const raw = pixelsOf(photo);
        const one = await draw({});
        return { fromPhoto: difference(raw, one), again: difference(one, await draw({})), kept: difference(one, await draw({ keepColor: 1 })) };
      },
      undefined,
    );
    expect(seen.fromPhoto).toBeGreaterThan(15);
    expect(seen.again).toBe(0);
    expect(seen.kept).toBeGreaterThan(5);
  });
});
