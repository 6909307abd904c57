import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { inPage } from '../helpers/in-page';
import { openTestPage, type TestPage } from '../helpers/launch';

type Module = typeof import('./pages/composite-page');

let test: TestPage;

function run<Result, Args = undefined>(body: (module: Module, args: Args) => Result | Promise<Result>, args?: Args): Promise<Result> {
  return inPage(test.page, 'test/browser/pages/composite-page.ts', body, args as Args);
}

beforeAll(async () => {
  test = await openTestPage();
});
afterAll(() => test.close());

describe('a lost context', () => {
  it('is reported, refuses frames, and when it is back the same picture is drawn again', async () => {
    const result = await run(async ({ createTemporalFilter, cropAt, failure, frameOf, largestDifference, openBench, styledOf, texturedPixel }: Module) => {
      const reports: string[] = [];
      let restored: () => void;
      const isRestored = new Promise<void>((done) => (restored = done));
      const bench = openBench({ onContextLost: (error) => reports.push(error.code), onContextRestored: () => restored() });
      const { compositor } = bench;
      const filter = createTemporalFilter(compositor.gl, { fadeInMs: 0 });
      const frame = await frameOf(100, 80, texturedPixel);
      let timestampUs = 0;
      const picture = async (): Promise<number[]> => {
        timestampUs += 33_000;
        const layer = filter.apply(styledOf(cropAt(1, 50, 40, 60), 64, timestampUs, (x, y) => [x * 4, y * 4, 90, 255]));
        // Blur and colour match use every texture there is.
        await compositor.compose(frame, [layer], { background: 'blur', colorMatch: 0.5, retain: true });
        return bench.read();
      };
      const before = await picture();
      const countsBefore = compositor.gl.counts;
      const loser = compositor.gl.gl.getExtension('WEBGL_lose_context')!;
      loser.loseContext();
      await new Promise((done) => setTimeout(done, 50));
      const refusals = [
        (await failure(() => compositor.compose(frame, []))).code,
        (await failure(() => compositor.drawCard(10, 10))).code,
        (await failure(() => filter.apply(styledOf(cropAt(1, 50, 40, 60), 64, timestampUs, () => [0, 0, 0, 0])))).code,
      ];
      const faded = filter.fadeOut([], timestampUs).length;
      loser.restoreContext();
      await isRestored;
      const heldAfterLoss = compositor.hold();
      const after = await picture();
      const result = { reports, refusals, faded, heldAfterLoss, difference: largestDifference(before, after, 100), countsBefore, countsAfter: compositor.gl.counts };
      frame.close();
      filter.close();
      bench.close();
      return result;
    });
    expect(result.reports).toEqual(['context-lost']);
    expect(result.refusals).toEqual(['context-lost', 'context-lost', 'context-lost']);
    expect(result.faded).toBe(0);
    expect(result.heldAfterLoss).toBe(false);
    expect(result.difference).toBeLessThanOrEqual(1);
    expect(result.countsAfter).toMatchObject({ textures: result.countsBefore.textures, framebuffers: result.countsBefore.framebuffers });
  });
});

describe('WebGL objects', () => {
  it('stay as many over 300 frames with faces that come and go, and none remains after close', async () => {
    const result = await run(async ({ createTemporalFilter, cropAt, failure, frameOf, openBench, styledOf }: Module) => {
      const bench = openBench();
      const { compositor } = bench;
      const filter = createTemporalFilter(compositor.gl);
      const frame = await frameOf(64, 48, () => [9, 9, 9, 255]);
      const peaks: number[] = [];
      for (let i = 0; i < 300; i += 1) {
        const timestampUs = i * 33_333;
        // Every 15 frames another id: each must be forgotten once it has faded.
        const ids = i % 15 < 10 ? [Math.floor(i / 15)] : [];
        const present = ids.map((id) => filter.apply(styledOf(cropAt(id, 32, 24, 40), 32, timestampUs, () => [i % 256, 0, 0, 255])));
        const layers = [...filter.fadeOut(ids, timestampUs), ...present];
        await compositor.compose(frame, layers, { background: (['keep', 'blur', 'transparent'] as const)[i % 3]!, colorMatch: i % 2, retain: i % 5 === 0 });
        if (i % 100 === 99) peaks.push(compositor.gl.counts.textures);
      }
      const error = compositor.gl.gl.getError();
      filter.close();
      filter.close();
      compositor.close();
      compositor.close();
      const afterClose = [
        (await failure(() => compositor.compose(frame, []))).code,
        (await failure(() => compositor.hold())).code,
        (await failure(() => filter.apply(styledOf(cropAt(1, 32, 24, 40), 32, 1, () => [0, 0, 0, 0])))).code,
      ];
      frame.close();
      return { peaks, error, counts: compositor.gl.counts, lost: compositor.gl.gl.isContextLost(), afterClose };
    });
    expect(new Set(result.peaks).size).toBe(1);
    expect(result.error).toBe(0);
    expect(result.counts).toEqual({ programs: 0, textures: 0, framebuffers: 0 });
    expect(result.lost).toBe(true);
    expect(result.afterClose).toEqual(['closed', 'closed', 'closed']);
  });
});

describe('in place of a picture', () => {
  it('holds the last retained one, whatever was drawn since, and has none before', async () => {
    const result = await run(async ({ cropAt, frameOf, largestDifference, openBench, texturedPixel }: Module) => {
      const bench = openBench();
      const { compositor } = bench;
      const before = compositor.hold();
      const frame = await frameOf(60, 40, texturedPixel);
      await compositor.compose(frame, [bench.layer(cropAt(1, 30, 20, 30), 64, () => [255, 255, 255, 255])], { retain: true });
      const picture = bench.read();
      compositor.drawCard(90, 70, [1, 0.5, 0]);
      const card = { pixel: bench.pixel(45, 35), size: [compositor.canvas.width, compositor.canvas.height] };
      const during = compositor.hold();
      const result = { before, during, card, difference: largestDifference(picture, bench.read(), 60) };
      // Without retain nothing is kept.
      await compositor.compose(frame, []);
      const after = compositor.hold();
      frame.close();
      bench.close();
      return { ...result, after };
    });
    expect(result).toEqual({ before: false, during: true, difference: 0, card: { pixel: [255, 128, 0, 255], size: [90, 70] }, after: false });
  });
});

describe('the place it runs', () => {
  it('may be a page’s own canvas', async () => {
    const pixel = await run(async ({ cropAt, frameOf, openBench }: Module) => {
      const bench = openBench({ canvas: document.createElement('canvas') });
      const frame = await frameOf(64, 48, () => [10, 20, 30, 255]);
      await bench.compositor.compose(frame, [bench.layer(cropAt(1, 32, 24, 40), 64, () => [200, 100, 50, 255])]);
      const pixel = bench.pixel(32, 24);
      frame.close();
      bench.close();
      return pixel;
    });
    expect(pixel).toEqual([200, 100, 50, 255]);
  });

  it('may be a worker with a canvas of the page', async () => {
    const pixel = await run(async () => {
      const worker = new Worker('/bundle/test/browser/pages/composite-worker.ts', { type: 'module' });
      const canvas = document.createElement('canvas').transferControlToOffscreen();
      const answer = new Promise<number[]>((done, fail) => {
        worker.onmessage = ({ data }: MessageEvent<number[]>) => done(data);
        worker.onerror = (event) => fail(new Error(event.message));
      });
      worker.postMessage(canvas, [canvas]);
      return answer.finally(() => worker.terminate());
    });
    expect(pixel).toEqual([200, 100, 50, 255]);
  });

  it('needs WebGL2 and says so', async () => {
    const error = await run(async ({ createCompositor, failure }: Module) => {
      const canvas = new OffscreenCanvas(1, 1);
      canvas.getContext('2d');
      return failure(() => createCompositor({ canvas }));
    });
    expect(error).toMatchObject({ code: 'unsupported', fatal: true });
    expect(error.message).toMatch(/WebGL2/);
  });

  it('names the shader that a driver refuses', async () => {
    const error = await run(async ({ failure, openBench }: Module) => {
      const bench = openBench();
      const error = await failure(() => bench.compositor.gl.compile({ name: 'BrokenPass', vertex: '#version 300 es\nvoid main() {}', fragment: '#version 300 es\nvoid main() { nonsense; }' }));
      bench.close();
      return error;
    });
    expect(error.code).toBe('unsupported');
    expect(error.message).toMatch(/BrokenPass.*nonsense/s);
  });
});
