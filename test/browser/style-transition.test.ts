import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { inPage } from '../helpers/in-page';
import { openTestPage, type TestPage } from '../helpers/launch';
import { addTinyStyle } from '../helpers/tiny-assets';

type CompositeModule = typeof import('./pages/composite-page');
type FilterModule = typeof import('./pages/filter-page');

let test: TestPage;
const inComposite = <Result>(body: (module: CompositeModule) => Promise<Result>): Promise<Result> => inPage(test.page, 'test/browser/pages/composite-page.ts', body, undefined);
const inFilter = <Result>(body: (module: FilterModule) => Promise<Result>): Promise<Result> => inPage(test.page, 'test/browser/pages/filter-page.ts', body, undefined);

beforeAll(async () => {
  test = await openTestPage({ crossOriginIsolated: false });
  addTinyStyle(test.server.overrides);
});
afterAll(() => test.close());

describe('a transition between two styles', () => {
  it('mixes the old head into the new one, less and less, goes on from the mixture when it is begun anew, and leaves nothing behind', async () => {
    const seen = await inComposite(async ({ cropAt, frameOf, openBench }) => {
      const bench = openBench();
      const { compositor } = bench;
      const crop = { ...cropAt(1, 50, 50, 60), landmarksCrop: Float32Array.of(0.3, 0.3, 0.7, 0.3, 0.5, 0.7) };
      const draw = async (light: number, atMs: number): Promise<number> => {
        const frame = await frameOf(100, 100, () => [0, 0, 0, 255], 'rgb', atMs * 1000);
        const layer = bench.layer(crop, 64, () => [light, light, light, 255]);
        await compositor.compose(frame, [layer]);
        frame.close();
        return bench.pixel(50, 50)[0]!;
      };
      await draw(200, 0);
      const { textures } = compositor.gl.counts;
      compositor.beginTransition(100);
      const falling = [await draw(100, 25), await draw(100, 75)];
      // The picture shows 125; from there to 25.
      compositor.beginTransition(100);
      const onwards = [await draw(25, 100), await draw(25, 150)];
      const during = compositor.inTransition;
      // Two changes between two pictures are one.
      compositor.beginTransition(100);
      compositor.beginTransition(100);
      onwards.push(await draw(225, 200), await draw(225, 250));
      const after = compositor.inTransition;
      compositor.beginTransition(0);
      const atOnce = await draw(10, 260);
      const left = compositor.gl.counts.textures - textures;
      const painted = 8;
      bench.close();
      return { falling, onwards, during, after, atOnce, left: left - painted + 1 };
    });
    const close = (values: readonly number[], wanted: readonly number[]) => wanted.forEach((value, i) => expect(Math.abs(values[i]! - value), `${values.join()} for ${wanted.join()}`).toBeLessThanOrEqual(2));
    close(seen.falling, [175, 125]);
    // 75 ms after a picture of 125: a quarter of it is over when 25 ms have passed.
    close(seen.onwards, [100, 50, 137, 225]);
    expect([seen.during, seen.after, seen.atOnce]).toEqual([true, false, 10]);
    expect(seen.left).toBe(0);
  });

  it('carries the old head along with its face, keeps what reaches beyond the new crop, and never shows the frame between the two', async () => {
    const seen = await inComposite(async ({ cropAt, frameOf, openBench }) => {
      const bench = openBench();
      const { compositor } = bench;
      // The same face, its points 30 pixels apart, in crops of different sizes.
      const cropOf = (centrePx: number, sidePx: number) => {
        const points = [[-15, -15], [15, -15], [0, 15]].flatMap(([x, y]) => [0.5 + x! / sidePx, 0.5 + y! / sidePx]);
        return { ...cropAt(1, centrePx, 100, sidePx), landmarksCrop: Float32Array.from(points) };
      };
      const draw = async (light: number, atMs: number, centrePx: number, sidePx: number): Promise<void> => {
        const frame = await frameOf(200, 200, () => [0, 255, 0, 255], 'rgb', atMs * 1000);
        await compositor.compose(frame, [bench.layer(cropOf(centrePx, sidePx), 64, () => [light, 0, 0, 255])], { feather: 0 });
        frame.close();
      };
      await draw(200, 0, 90, 120);
      compositor.beginTransition(100);
      await draw(100, 50, 110, 60);
      // In both heads, in the old one only, where the old one was before the face moved, and in neither.
      const pixels = [[110, 100], [110, 60], [40, 100], [195, 100]].map(([x, y]) => bench.pixel(x!, y!).slice(0, 2));
      await draw(100, 100, 110, 60);
      const end = [[110, 100], [110, 60]].map(([x, y]) => bench.pixel(x!, y!).slice(0, 2));
      bench.close();
      return { pixels, end };
    });
    const [both, old, left, neither] = seen.pixels;
    expect(both![0]).toBeCloseTo(150, -1);
    expect(both![1]).toBeLessThanOrEqual(3);
    expect(old![0]).toBeCloseTo(100, -1);
    expect(old![1]).toBeCloseTo(128, -1);
    expect([left, neither, seen.end[1]]).toEqual([[0, 255], [0, 255], [0, 255]]);
    expect(seen.end[0]![0]).toBe(100);
  });
});

describe('a filter whose style changes', () => {
  it('passes through mixtures of both pictures by the frames’ clock, or none with transitionMs 0', async () => {
    const seen = await inFilter(async ({ StyleFilter, TINY, ONE_FACE, processPoses }) => {
      const processor = await StyleFilter.createProcessor({ ...TINY, style: { id: 'tiny', exemplar: 'plain' }, transitionMs: 200, temporal: 0.5 });
      let timestampUs = 0;
      // Where the face is, how far the picture is from grey, over that of the picture in the look `plain`.
      const distances: number[] = [];
      const show = async (gapMs: number): Promise<number> => {
        timestampUs += gapMs * 1000;
        const { pixels } = await processPoses(processor, ONE_FACE, 320, 240, timestampUs);
        let sum = 0;
        for (let y = 110; y < 130; y += 1) for (let x = 150; x < 170; x += 1) sum += Math.abs(pixels.data[4 * (y * 320 + x)]! - 127.5);
        distances.push(sum);
        return sum / distances[7]!;
      };
      for (let i = 0; i < 8; i += 1) await show(40);
      await processor.setOptions({ style: { id: 'tiny', exemplar: 'grey' } });
      const fading = [await show(50), await show(50), await show(50), await show(50)];
      await processor.setOptions({ style: { id: 'tiny', exemplar: 'plain' }, transitionMs: 0 });
      const atOnce = await show(40);
      await processor.close();
      return { fading, atOnce };
    });
    [0.75, 0.5, 0.25, 0].forEach((share, i) => expect(Math.abs(seen.fading[i]! - share), seen.fading.join()).toBeLessThan(0.04));
    expect(seen.atOnce).toBeGreaterThan(0.97);
  });

  it('follows a slider that is dragged faster than it can draw: few runs of the style head, the newest value wins, and a picture that stands still fades to its end', async () => {
    const seen = await inFilter(async ({ StyleFilter, TINY, untilStats }) => {
      const image = new Image();
      image.src = '/test/fixtures/face.jpg';
      document.body.append(image);
      const handle = await StyleFilter.attach(image, { ...TINY, style: { id: 'tiny', exemplar: 'plain' }, transitionMs: 1000 });
      const before = await untilStats(handle, ({ styledFrames }) => styledFrames > 0);
      const steps = 60;
      const changes = Array.from({ length: steps }, (_, i) => handle.setStyle({ id: 'tiny', exemplar: 'plain', structure: 1 - (i + 1) / steps }));
      await Promise.all(changes);
      // It goes on by itself until nothing fades, and no further.
      let last = await untilStats(handle, ({ frames }) => frames > before.frames);
      for (;;) {
        const { frames } = last;
        last = await untilStats(handle, (stats) => stats !== last);
        if (last.frames === frames) break;
      }
      const context = new OffscreenCanvas(handle.canvas.width, handle.canvas.height).getContext('2d')!;
      context.drawImage(handle.canvas, 0, 0);
      const [red] = context.getImageData(handle.canvas.width / 2, handle.canvas.height / 2, 1, 1).data;
      await handle.detach();
      image.remove();
      return { runs: last.styleHeadRuns - before.styleHeadRuns, frames: last.frames - before.frames, red };
    });
    expect(seen.runs).toBeLessThan(10);
    expect(seen.frames).toBeGreaterThan(0);
    // Structure 0 is the look of all grey.
    expect(Math.abs(seen.red! - 127.5)).toBeLessThan(2);
  });
});
