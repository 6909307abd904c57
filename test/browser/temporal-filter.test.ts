import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { inPage } from '../helpers/in-page';
import { openTestPage, type TestPage } from '../helpers/launch';

type Module = typeof import('./pages/temporal-page');

let test: TestPage;

function run<Result, Args = undefined>(body: (module: Module, args: Args) => Result | Promise<Result>, args?: Args): Promise<Result> {
  return inPage(test.page, 'test/browser/pages/temporal-page.ts', body, args as Args);
}

beforeAll(async () => {
  test = await openTestPage();
});
afterAll(() => test.close());

describe('a face that rests', () => {
  it.each([{ strength: 0.5, least: 2 }, { strength: 1, least: 3 }])('flickers less than 1/$least as much at strength $strength, and keeps its colours', async ({ strength, least }) => {
    const result = await run(({ crop, filterSequence, flickerOf, gaussian }: Module, strength) => {
      // Drawn steps of tone with noise, under a tracker that trembles.
      const base = (x: number, y: number): number => ((x >> 3) + (y >> 3)) % 2 === 0 ? 80 : 160;
      const steps = Array.from({ length: 40 }, () => ({
        crop: crop(0, 0, 0.15),
        at: (x: number, y: number) => [base(x, y) + gaussian(4), base(x, y) + gaussian(4), base(x, y) + gaussian(4), 255] as const,
      }));
      const raw = filterSequence(steps, { strength: 0 }).slice(8);
      const smooth = filterSequence(steps, { strength }).slice(8);
      const last = smooth.at(-1)!;
      let error = 0;
      for (let i = 0; i < 64 * 64; i += 1) error += Math.abs(last[4 * i]! - base(i % 64, i >> 6)) / 4096;
      return { raw: flickerOf(raw), smooth: flickerOf(smooth), error };
    }, strength);
    expect(result.raw).toBeGreaterThan(3.5);
    expect(result.smooth).toBeLessThan(result.raw / least);
    expect(result.error).toBeLessThan(2);
  });

  it('does not flicker where an edge jumps to and fro by a texel', async () => {
    const result = await run(({ crop, filterSequence, flickerOf, grey }: Module) => {
      const steps = Array.from({ length: 40 }, (_, i) => {
        const edge = 32 + (i % 2);
        return { crop: crop(), at: (x: number) => (x < edge ? grey(60) : grey(200)) };
      });
      return { raw: flickerOf(filterSequence(steps, { strength: 0 }).slice(8)), smooth: flickerOf(filterSequence(steps, { strength: 0.5 }).slice(8)) };
    });
    expect(result.raw).toBeGreaterThan(1);
    expect(result.smooth).toBeLessThan(result.raw / 3);
  });

  it('keeps its lines sharp', async () => {
    const contrast = await run(({ crop, filterSequence, grey, rowOf }: Module) => {
      const steps = Array.from({ length: 20 }, () => ({
        crop: crop(0, 0, 0.15),
        at: (x: number) => (x % 4 === 0 ? grey(20) : grey(220)),
      }));
      const row = rowOf(filterSequence(steps, { strength: 1 }).at(-1)!, 32).slice(8, 56);
      return Math.max(...row) - Math.min(...row);
    });
    expect(contrast).toBeGreaterThan(196);
  });
});

describe('a face that moves', () => {
  it.each([{ speed: 1 }, { speed: 2 }, { speed: 3 }])('shows its edge less than one frame late at $speed texels a frame, known to the tracker or not', async ({ speed }) => {
    const lags = await run(({ crop, filterSequence, grey, rowOf }: Module, speed) => {
      const lagOf = (tracked: boolean): number => {
        const steps = Array.from({ length: 12 }, (_, i) => ({
          crop: tracked ? crop(i * speed) : crop(),
          at: (x: number) => (x < 12 + i * speed ? grey(220) : grey(40)),
        }));
        // Where the edge lies, from how much of the row is bright.
        const row = rowOf(filterSequence(steps, { strength: 0.5 }).at(-1)!, 32);
        const edge = row.reduce((sum, value) => sum + (value - 40) / 180, 0);
        return Math.abs(12 + 11 * speed - edge) / speed;
      };
      return { tracked: lagOf(true), untracked: lagOf(false) };
    }, speed);
    expect(lags.tracked).toBeLessThan(0.5);
    expect(lags.untracked).toBeLessThan(1);
  });

  it('leaves no ghost of a thing that vanishes', async () => {
    const ghost = await run(({ crop, filterSequence, grey, rowOf }: Module) => {
      // An eye that closes: a dark disc for ten frames, then skin.
      const skin = [200, 150, 120, 255] as const;
      const steps = Array.from({ length: 12 }, (_, i) => ({
        crop: crop(),
        at: (x: number, y: number) => (i < 10 && Math.hypot(x - 32, y - 32) < 8 ? grey(20) : skin),
      }));
      const row = rowOf(filterSequence(steps, { strength: 1 })[10]!, 32);
      return Math.max(...row.slice(8, 56).map((value) => Math.abs(value - 200)));
    });
    // The first frame after: the disc is gone.
    expect(ghost).toBeLessThanOrEqual(4);
  });

  it('moves the past with it: flicker is calmed in motion too', async () => {
    const result = await run(({ crop, filterSequence, gaussian }: Module) => {
      const texture = (x: number, y: number): number => 128 + 60 * Math.sin(x * 0.6) * Math.cos(y * 0.5);
      const sequence = (tracked: boolean) =>
        Array.from({ length: 24 }, (_, i) => ({
          crop: tracked ? crop(0.4 * i) : crop(),
          at: (x: number, y: number) => [texture(x - 0.4 * i, y) + gaussian(6), 0, 0, 255] as const,
        }));
      const errorOf = (tracked: boolean, strength: number): number => {
        const last = filterSequence(sequence(tracked), { strength }).at(-1)!;
        let sum = 0;
        for (let y = 12; y < 52; y += 1) for (let x = 20; x < 52; x += 1) sum += (last[4 * (y * 64 + x)]! - texture(x - 0.4 * 23, y)) ** 2;
        return Math.sqrt(sum / (40 * 32));
      };
      return { raw: errorOf(true, 0), tracked: errorOf(true, 0.5), untracked: errorOf(false, 0.5) };
    });
    expect(result.tracked).toBeLessThan(result.raw * 0.8);
    expect(result.tracked).toBeLessThan(result.untracked);
  });
});

describe('history', () => {
  it('is dropped at a cut, after a gap, for another face and by reset', async () => {
    const values = await run(({ createTemporalFilter, crop, cropAt, grey, landmarks, openBench, readTexture, styledOf }: Module) => {
      const bench = openBench();
      const filter = createTemporalFilter(bench.compositor.gl, { strength: 1 });
      let timestampUs = 0;
      const noisy = (light: number, face = crop(), gapUs = 33_333, sizePx = 64): number => {
        timestampUs += gapUs;
        // Lines of one texel let history pass unlimited: only a reset brings the new value at once.
        const { texture } = filter.apply(styledOf(face, sizePx, timestampUs, (x) => grey(x % 2 === 0 ? 0 : light)));
        return readTexture(bench.compositor, texture, sizePx)[4 * (20 * sizePx + 21)]!;
      };
      noisy(200);
      const blended = noisy(240);
      const gap = noisy(200, crop(), 400_000);
      const jump = noisy(240, cropAt(1, 300, 100, 100, 0, landmarks()));
      noisy(200, crop(0, 0, 0, 2));
      const other = noisy(240, crop(0, 0, 0, 3));
      filter.reset(3);
      const reset = noisy(200, crop(0, 0, 0, 3));
      const size = noisy(240, crop(0, 0, 0, 3), 33_333, 32);
      filter.setOptions({ strength: 0 });
      const off = noisy(200, crop(0, 0, 0, 3), 33_333, 32);
      filter.close();
      bench.close();
      return { blended, gap, jump, other, reset, size, off };
    });
    expect(values.blended).toBeLessThan(230);
    expect(values).toMatchObject({ gap: 200, jump: 240, other: 240, reset: 200, size: 240, off: 200 });
  });

  it('fades a face in and out by the frames’ own clock, then frees it', async () => {
    const result = await run(({ createTemporalFilter, crop, openBench, styledOf }: Module) => {
      const bench = openBench();
      const { gl } = bench.compositor;
      const filter = createTemporalFilter(gl, { fadeInMs: 100, fadeOutMs: 200 });
      const shown = [0, 1, 2, 3].map((i) => filter.apply(styledOf(crop(), 64, i * 40_000, () => [1, 2, 3, 255])).opacity);
      const present = filter.fadeOut([1], 120_000).length;
      const leaving = [160_000, 220_000, 280_000, 340_000].map((timestampUs) => filter.fadeOut([], timestampUs).map(({ opacity, crop: { faceId } }) => ({ opacity, faceId })));
      const { textures } = gl.counts;
      // Back again before it was gone: from where it was.
      filter.apply(styledOf(crop(0, 0, 0, 2), 64, 400_000, () => [1, 2, 3, 255]));
      filter.apply(styledOf(crop(0, 0, 0, 2), 64, 500_000, () => [1, 2, 3, 255]));
      filter.fadeOut([], 560_000);
      const back = filter.apply(styledOf(crop(0, 0, 0, 2), 64, 570_000, () => [1, 2, 3, 255])).opacity;
      filter.close();
      bench.close();
      return { shown, present, leaving, textures, back };
    });
    [1 / 3, 0.733, 1, 1].forEach((expected, i) => expect(result.shown[i]).toBeCloseTo(expected, 2));
    expect(result.present).toBe(0);
    expect(result.leaving.map((layers) => layers[0]?.opacity ?? 0).map((value) => Math.round(value * 100) / 100)).toEqual([0.8, 0.5, 0.2, 0]);
    expect(result.leaving.at(-1)).toEqual([]);
    // Only the buffer for incoming pictures may remain.
    expect(result.textures).toBeLessThanOrEqual(1);
    expect(result.back).toBeCloseTo(0.8, 2);
  });

  it('is not needed for a still picture', async () => {
    const opacity = await run(({ createTemporalFilter, crop, openBench, styledOf }: Module) => {
      const bench = openBench();
      const filter = createTemporalFilter(bench.compositor.gl, { fadeInMs: 0 });
      const { opacity } = filter.apply(styledOf(crop(), 64, 0, () => [1, 2, 3, 255]));
      filter.close();
      bench.close();
      return opacity;
    });
    expect(opacity).toBe(1);
  });
});
