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

describe('outside the matte', () => {
  const cases = [
    { kind: 'rgb', widthPx: 640, heightPx: 480 },
    { kind: 'yuv', widthPx: 640, heightPx: 480 },
    { kind: 'bitmap', widthPx: 640, heightPx: 480 },
    { kind: 'rgb', widthPx: 333, heightPx: 187 },
    { kind: 'bitmap', widthPx: 333, heightPx: 187 },
    { kind: 'yuv', widthPx: 331, heightPx: 187 },
  ] as const;
  it.each(cases)('every pixel of a $kind frame of $widthPx×$heightPx is the frame’s own', async (size) => {
    const result = await run(async ({ cropAt, drawnBy2d, frameOf, largestDifference, openBench, texturedPixel }: Module, { kind, widthPx, heightPx }) => {
      const bench = openBench();
      const frame = await frameOf(widthPx, heightPx, texturedPixel, kind);
      const sidePx = 0.6 * heightPx;
      // A disc of half the crop's width, whose neighbours outside have a colour that must not show.
      const crop = cropAt(1, widthPx / 2, heightPx / 2, sidePx, 0.3);
      const layer = bench.layer(crop, 256, (x, y) => [255, 0, 255, Math.hypot(x - 128, y - 128) < 64 ? 255 : 0]);
      await bench.compositor.compose(frame, [layer], { feather: 0 });
      const outside = (x: number, y: number): boolean => Math.hypot(x + 0.5 - widthPx / 2, y + 0.5 - heightPx / 2) > sidePx / 4 + 2;
      const result = {
        outside: largestDifference(bench.read(), drawnBy2d(frame), widthPx, outside),
        inside: bench.pixel(widthPx >> 1, heightPx >> 1),
      };
      bench.close();
      frame.close();
      return result;
    }, size);
    expect(result.outside).toBeLessThanOrEqual(1);
    expect(result.inside).toEqual([255, 0, 255, 255]);
  });

  it('a frame without faces comes out as it is, through a change of size', async () => {
    const differences = await run(async ({ drawnBy2d, frameOf, largestDifference, openBench, texturedPixel }: Module) => {
      const bench = openBench();
      const differences: number[] = [];
      for (const [widthPx, heightPx] of [[64, 48], [120, 90], [33, 77], [64, 48]] as const) {
        const frame = await frameOf(widthPx, heightPx, texturedPixel);
        await bench.compositor.compose(frame, []);
        differences.push(largestDifference(bench.read(), drawnBy2d(frame), widthPx));
        frame.close();
      }
      bench.close();
      return differences;
    });
    expect(Math.max(...differences)).toBeLessThanOrEqual(1);
  });
});

describe('a styled head', () => {
  it('lies where its crop was cut out: shifted, scaled and turned', async () => {
    const errors = await run(async ({ cropAt, frameOf, openBench }: Module) => {
      const bench = openBench();
      const frame = await frameOf(320, 240, () => [40, 40, 40, 255]);
      const dot = { x: 0.7, y: 0.4 };
      const errors: number[] = [];
      for (const [centreX, centreY, side, roll] of [[160, 120, 128, 0], [100, 130, 90, 0.5], [200, 100, 180, -1], [150.3, 99.6, 300, 3]] as const) {
        const layer = bench.layer(cropAt(1, centreX, centreY, side, roll), 128, (x, y) => {
          const distance = Math.hypot((x + 0.5) / 128 - dot.x, (y + 0.5) / 128 - dot.y);
          return [255, 255, 255, distance < 0.08 ? 255 : 0];
        });
        await bench.compositor.compose(frame, [layer]);
        const picture = bench.read();
        let [sum, sumX, sumY] = [0, 0, 0];
        for (let y = 0; y < 240; y += 1) {
          for (let x = 0; x < 320; x += 1) {
            const weight = picture[4 * (y * 320 + x)]! - 40;
            sum += weight;
            sumX += weight * (x + 0.5);
            sumY += weight * (y + 0.5);
          }
        }
        const [u, v] = [(dot.x - 0.5) * side, (dot.y - 0.5) * side];
        const x = centreX + Math.cos(roll) * u - Math.sin(roll) * v;
        const y = centreY + Math.sin(roll) * u + Math.cos(roll) * v;
        errors.push(Math.hypot(sumX / sum - x, sumY / sum - y));
      }
      bench.close();
      frame.close();
      return errors;
    });
    expect(Math.max(...errors)).toBeLessThan(0.1);
  });

  it.each([0, 0.15, 1])('has no fringe from the colours outside its matte, feather %d', async (feather) => {
    const darkest = await run(async ({ cropAt, frameOf, openBench }: Module, feather) => {
      const bench = openBench();
      const frame = await frameOf(300, 300, () => [255, 255, 255, 255]);
      // White head on a white frame: black paint outside the matte would show as a dark line.
      const layer = bench.layer(cropAt(1, 150, 150, 237, 0.2), 256, (x, y) => {
        const matte = Math.min(255, Math.max(0, 40 * (80 - Math.hypot(x - 128, y - 128))));
        return matte > 0 ? [255, 255, 255, matte] : [0, 0, 0, 0];
      });
      await bench.compositor.compose(frame, [layer], { feather });
      const darkest = bench.read().reduce((least, value) => Math.min(least, value), 255);
      bench.close();
      frame.close();
      return darkest;
    }, feather);
    expect(darkest).toBeGreaterThanOrEqual(253);
  });

  it('never shows the crop’s square, even with a matte that fills it', async () => {
    const steepest = await run(async ({ cropAt, frameOf, openBench }: Module) => {
      const bench = openBench();
      const frame = await frameOf(400, 400, () => [0, 0, 0, 255]);
      await bench.compositor.compose(frame, [bench.layer(cropAt(1, 200, 200, 256), 256, () => [255, 255, 255, 255])]);
      const picture = bench.read();
      const row = Array.from({ length: 400 }, (_, x) => picture[4 * (200 * 400 + x)]!);
      bench.close();
      frame.close();
      return { centre: row[200], steepest: Math.max(...row.slice(1).map((value, x) => Math.abs(value - row[x]!))) };
    });
    expect(steepest.centre).toBe(255);
    expect(steepest.steepest).toBeLessThan(48);
  });

  it('gets a softer edge with more feather, at the same place', async () => {
    const edges = await run(async ({ cropAt, frameOf, openBench }: Module) => {
      const bench = openBench();
      const frame = await frameOf(256, 256, () => [0, 0, 0, 255]);
      const layer = bench.layer(cropAt(1, 128, 128, 256), 256, (x) => [255, 255, 255, x < 128 ? 255 : 0]);
      const edges: { width: number; place: number }[] = [];
      for (const feather of [0, 0.3, 1]) {
        await bench.compositor.compose(frame, [layer], { feather });
        const picture = bench.read();
        const row = Array.from({ length: 200 }, (_, x) => picture[4 * (128 * 256 + x)]!);
        edges.push({
          width: row.slice(64).filter((value) => value > 12 && value < 243).length,
          place: row.slice(64).reduce((sum, value) => sum + value / 255, 64),
        });
      }
      bench.close();
      frame.close();
      return edges;
    });
    const [none, some, full] = edges;
    expect(none!.width).toBeLessThanOrEqual(1);
    expect(some!.width).toBeGreaterThan(2);
    expect(full!.width).toBeGreaterThan(some!.width);
    for (const { place } of edges) expect(Math.abs(place - 128)).toBeLessThan(0.75);
  });

  it('does not alias when it is far away', async () => {
    const spread = await run(async ({ cropAt, frameOf, openBench }: Module) => {
      const bench = openBench();
      const frame = await frameOf(100, 100, () => [128, 128, 128, 255]);
      // Lines of one texel, five times finer than the frame's pixels.
      await bench.compositor.compose(frame, [bench.layer(cropAt(1, 50.3, 49.8, 51), 256, (x) => (x % 2 === 0 ? [0, 0, 0, 255] : [255, 255, 255, 255]))]);
      const picture = bench.read();
      const inner = Array.from({ length: 30 }, (_, x) => picture[4 * (50 * 100 + 35 + x)]!);
      bench.close();
      frame.close();
      return Math.max(...inner) - Math.min(...inner);
    });
    expect(spread).toBeLessThan(24);
  });

  it('is crisper magnified with bicubic sampling, without ringing past black and white', async () => {
    const result = await run(async ({ cropAt, frameOf, openBench }: Module) => {
      const bench = openBench();
      const frame = await frameOf(400, 400, () => [128, 128, 128, 255]);
      const layer = bench.layer(cropAt(1, 200, 200, 390), 128, (x) => (x % 16 < 8 ? [30, 30, 30, 255] : [220, 220, 220, 255]));
      const steepest: number[] = [];
      let extremes = [0, 0];
      for (const resampling of ['bilinear', 'bicubic'] as const) {
        await bench.compositor.compose(frame, [layer], { resampling });
        const picture = bench.read();
        const row = Array.from({ length: 200 }, (_, x) => picture[4 * (200 * 400 + 100 + x)]!);
        steepest.push(Math.max(...row.slice(1).map((value, x) => Math.abs(value - row[x]!))));
        extremes = [Math.min(...row), Math.max(...row)];
      }
      bench.close();
      frame.close();
      return { steepest, extremes };
    });
    expect(result.steepest[1]).toBeGreaterThan(result.steepest[0]! * 1.15);
    expect(result.extremes[0]).toBeGreaterThan(10);
    expect(result.extremes[1]).toBeLessThan(240);
  });

  it('is mixed with the photo by the opacity setting and by its own', async () => {
    const values = await run(async ({ cropAt, frameOf, openBench }: Module) => {
      const bench = openBench();
      const frame = await frameOf(100, 100, () => [0, 0, 0, 255]);
      const values: number[] = [];
      for (const [own, opacity] of [[1, 1], [1, 0.5], [0.5, 1], [0.5, 0.5], [0, 1], [1, 0], [1, 7]] as const) {
        await bench.compositor.compose(frame, [bench.layer(cropAt(1, 50, 50, 80), 64, () => [200, 200, 200, 255], own)], { opacity });
        values.push(bench.pixel(50, 50)[0]!);
      }
      bench.close();
      frame.close();
      return values;
    });
    [200, 100, 100, 50, 0, 0, 200].forEach((expected, i) => expect(Math.abs(values[i]! - expected)).toBeLessThanOrEqual(1));
  });

  it('may reach over the frame’s border and over another head, the later one on top', async () => {
    const result = await run(async ({ cropAt, frameOf, openBench }: Module) => {
      const bench = openBench();
      const frame = await frameOf(200, 100, () => [10, 10, 10, 255]);
      const red = bench.layer(cropAt(1, 0, 50, 100), 64, () => [255, 0, 0, 255]);
      const green = bench.layer(cropAt(2, 120, 50, 100), 64, () => [0, 255, 0, 255]);
      const blue = bench.layer(cropAt(3, 170, 50, 100), 64, () => [0, 0, 255, 255]);
      await bench.compositor.compose(frame, [red, green, blue]);
      const result = [bench.pixel(1, 50), bench.pixel(90, 50), bench.pixel(150, 50), bench.pixel(198, 50), bench.pixel(60, 50)];
      bench.close();
      frame.close();
      return result;
    });
    expect(result).toEqual([[255, 0, 0, 255], [0, 255, 0, 255], [0, 0, 255, 255], [0, 0, 255, 255], [10, 10, 10, 255]]);
  });

  it('takes on the photo’s colours with colour match, and keeps its own without', async () => {
    const result = await run(async ({ cropAt, frameOf, openBench }: Module) => {
      const bench = openBench();
      // A warm, dim photo with some contrast; a cold, bright drawing with as much.
      const frame = await frameOf(200, 200, (x, y) => ((x >> 4) + (y >> 4)) % 2 === 0 ? [140, 90, 60, 255] : [100, 60, 40, 255]);
      const layer = bench.layer(cropAt(1, 100, 100, 160), 128, (x, y) => {
        const [r, g, b] = ((x >> 4) + (y >> 4)) % 2 === 0 ? [150, 190, 240] : [120, 150, 190];
        return [r, g, b, Math.hypot(x - 64, y - 64) < 50 ? 255 : 0];
      });
      const meanInside = (): number[] => {
        const picture = bench.read();
        const sum = [0, 0, 0];
        for (let y = 70; y < 130; y += 1) for (let x = 70; x < 130; x += 1) for (const c of [0, 1, 2]) sum[c]! += picture[4 * (y * 200 + x) + c]! / 3600;
        return sum;
      };
      const means: number[][] = [];
      for (const colorMatch of [0, 0.5, 1]) {
        await bench.compositor.compose(frame, [layer], { colorMatch });
        means.push(meanInside());
      }
      const corner = bench.pixel(5, 5);
      bench.close();
      frame.close();
      return { means, corner };
    });
    const [own, half, matched] = result.means;
    [135, 170, 215].forEach((expected, c) => expect(Math.abs(own![c]! - expected)).toBeLessThan(4));
    [120, 75, 50].forEach((expected, c) => expect(Math.abs(matched![c]! - expected)).toBeLessThan(6));
    [127, 122, 132].forEach((expected, c) => expect(Math.abs(half![c]! - expected)).toBeLessThan(6));
    expect(result.corner).toEqual([140, 90, 60, 255]);
  });
});

describe('the background', () => {
  it('is gone with transparent, and the canvas is premultiplied', async () => {
    const result = await run(async ({ cropAt, frameOf, openBench }: Module) => {
      const bench = openBench();
      const frame = await frameOf(100, 100, () => [90, 60, 30, 255]);
      const layer = bench.layer(cropAt(1, 50, 50, 80), 64, (x) => [200, 100, 0, x < 32 ? 255 : 128]);
      await bench.compositor.compose(frame, [layer], { background: 'transparent', feather: 0 });
      const pixels = [bench.pixel(3, 3), bench.pixel(30, 50), bench.pixel(70, 50)];
      // Half styled, half photo: the head itself stays opaque.
      await bench.compositor.compose(frame, [layer], { background: 'transparent', feather: 0, opacity: 0.5 });
      pixels.push(bench.pixel(30, 50));
      bench.close();
      frame.close();
      return pixels;
    });
    const expected = [[0, 0, 0, 0], [200, 100, 0, 255], [100, 50, 0, 128], [145, 80, 15, 255]];
    result.forEach((pixel, i) => pixel.forEach((value, c) => expect(Math.abs(value - expected[i]![c]!)).toBeLessThanOrEqual(2)));
  });

  it.each([{ widthPx: 320, heightPx: 240 }, { widthPx: 321, heightPx: 243 }])('is blurred outside the head and takes nothing of the head along, $widthPx×$heightPx', async (size) => {
    const result = await run(async ({ cropAt, frameOf, openBench }: Module, { widthPx, heightPx }) => {
      const bench = openBench();
      // Fine grey stripes, and a red head in the middle of the photo.
      const isHead = (x: number, y: number): boolean => Math.hypot(x - 160, y - 120) < 40;
      const frame = await frameOf(widthPx, heightPx, (x, y) => (isHead(x, y) ? [255, 0, 0, 255] : x % 8 < 4 ? [80, 80, 80, 255] : [160, 160, 160, 255]));
      const layer = bench.layer(cropAt(1, 160, 120, 160), 256, (x, y) => [0, 0, 255, Math.hypot(x - 128, y - 128) < 66 ? 255 : 0]);
      await bench.compositor.compose(frame, [layer], { background: 'blur', blurSigma: 0.03 });
      const row = Array.from({ length: 40 }, (_, x) => bench.pixel(40 + x, 120));
      const result = { row, centre: bench.pixel(160, 120), beside: bench.pixel(160, 120 - 46), far: bench.pixel(160, 20) };
      bench.close();
      frame.close();
      return result;
    }, size);
    const greys = result.row.map((pixel) => pixel[0]!);
    expect(Math.max(...greys) - Math.min(...greys)).toBeLessThan(12);
    expect(result.centre).toEqual([0, 0, 255, 255]);
    for (const [r, g] of [result.beside, result.far]) {
      expect(Math.abs(r! - 120)).toBeLessThan(8);
      expect(Math.abs(r! - g!)).toBeLessThan(6);
    }
  });

  it('is flipped together with the head by mirror', async () => {
    const result = await run(async ({ cropAt, drawnBy2d, frameOf, largestDifference, openBench, texturedPixel }: Module) => {
      const bench = openBench();
      const frame = await frameOf(101, 60, texturedPixel);
      const layer = bench.layer(cropAt(1, 25, 30, 30), 64, () => [255, 255, 255, 255]);
      const flipped = drawnBy2d(frame).map((_, i, all) => all[4 * (Math.floor(i / 404) * 101 + 100 - (Math.floor(i / 4) % 101)) + (i % 4)]!);
      await bench.compositor.compose(frame, [layer], { mirror: true });
      const result = { outside: largestDifference(bench.read(), flipped, 101, (x) => x < 58 || x > 93), head: bench.pixel(75, 30) };
      bench.close();
      frame.close();
      return result;
    });
    expect(result.outside).toBeLessThanOrEqual(1);
    expect(result.head).toEqual([255, 255, 255, 255]);
  });
});

describe('frames of unusual shape', () => {
  it('are shown turned and stretched as the browser shows them', async () => {
    const differences = await run(async ({ drawnBy2d, largestDifference, openBench }: Module) => {
      const bench = openBench();
      const bytes = Uint8Array.from({ length: 64 * 48 * 4 }, (_, i) => (i % 4 === 3 ? 255 : ((i >> 2) % 64) * 3 + (i % 4) * 20));
      const base = { format: 'RGBX', codedWidth: 64, codedHeight: 48, timestamp: 0 } as const;
      const inits = [
        { ...base, rotation: 90 },
        { ...base, rotation: 180 },
        { ...base, displayWidth: 96, displayHeight: 48 },
        { ...base, visibleRect: { x: 8, y: 4, width: 40, height: 30 } },
      ];
      const differences: number[] = [];
      for (const init of inits) {
        const image = new VideoFrame(bytes, init);
        const frame = { image, timestampUs: 0, widthPx: image.displayWidth, heightPx: image.displayHeight, close: () => image.close() };
        await bench.compositor.compose(frame, []);
        differences.push(largestDifference(bench.read(), drawnBy2d(frame), frame.widthPx));
        frame.close();
      }
      bench.close();
      return differences;
    });
    // Stretched frames are resampled; two good resamplers differ a little at the border.
    expect(differences[2]).toBeLessThanOrEqual(3);
    for (const i of [0, 1, 3]) expect(differences[i]).toBeLessThanOrEqual(1);
  });
});
