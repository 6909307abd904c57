import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { inPage } from '../helpers/in-page';
import { openTestPage, type TestPage } from '../helpers/launch';

type Module = typeof import('./pages/generate-page');

let test: TestPage;

beforeAll(async () => {
  test = await openTestPage();
});
afterAll(() => test.close());

function run<Result, Args = undefined>(body: (module: Module, args: Args) => Promise<Result>, args?: Args): Promise<Result> {
  return inPage(test.page, 'test/browser/pages/generate-page.ts', body, args as Args);
}

describe('from frame to tensor', () => {
  it.each(['bitmap', 'video'] as const)('is planar RGB in −1…1, each pixel where the matrix puts it (%s)', async (kind) => {
    // Frame values are x and y themselves, so each number of the tensor tells where it was taken from.
    const worst = await run(async ({ createTensorBridge, cropOf, paintedFrame }, kind) => {
      const size = 64;
      const angle = 0.4;
      const scale = 1 / 100;
      const [c, s] = [Math.cos(angle) * scale, Math.sin(angle) * scale];
      // Crop (0.5, 0.5) is frame (128, 100).
      const crop = cropOf([c, -s, 0.5 - c * 128 + s * 100, s, c, 0.5 - s * 128 - c * 100]);
      const frame = await paintedFrame(256, 200, (x, y) => [x, y, 64], kind);
      const bridge = createTensorBridge(size);
      const planes = (await bridge.cut(frame, crop)).data as Float32Array;
      let worst = [0, 0, 0];
      for (let v = 0; v < size; v += 1) {
        for (let u = 0; u < size; u += 1) {
          const [du, dv] = [(u + 0.5) / size - 0.5, (v + 0.5) / size - 0.5];
          const x = 128 + (c * du + s * dv) / (scale * scale) - 0.5;
          const y = 100 + (-s * du + c * dv) / (scale * scale) - 0.5;
          const expected = [x, y, 64].map((value) => value / 127.5 - 1);
          worst = worst.map((max, channel) => Math.max(max, Math.abs(planes[channel * size * size + v * size + u]! - expected[channel]!)));
        }
      }
      bridge.close();
      frame.close();
      return worst;
    }, kind);
    // Video frames go through subsampled chroma.
    worst.forEach((value) => expect(value).toBeLessThan(kind === 'video' ? 0.06 : 0.02));
  });

  it.each(['bitmap', 'video'] as const)('mirrors the frame beyond its edges (%s)', async (kind) => {
    const worst = await run(async ({ createTensorBridge, cropOf, paintedFrame }, kind) => {
      const [size, framePx] = [96, 32];
      const frame = await paintedFrame(framePx, framePx, (x, y) => [x * 8, y * 8, 128], kind);
      // The frame fills the middle of the crop.
      const bridge = createTensorBridge(size);
      const planes = (await bridge.cut(frame, cropOf([1 / 64, 0, 1 / 4, 0, 1 / 64, 1 / 4]))).data as Float32Array;
      const mirrored = (crop: number) => {
        const position = ((crop + 0.5) / size) * 64 - 16 - 0.5;
        return position < 0 ? -position : position > 31 ? 62 - position : position;
      };
      let worst = 0;
      for (let v = 0; v < size; v += 1) {
        for (let u = 0; u < size; u += 1) {
          [mirrored(u) * 8, mirrored(v) * 8, 128].forEach((expected, channel) => {
            worst = Math.max(worst, Math.abs((planes[channel * size * size + v * size + u]! + 1) * 127.5 - expected));
          });
        }
      }
      bridge.close();
      frame.close();
      return worst;
    }, kind);
    expect(worst).toBeLessThan(kind === 'video' ? 6 : 1);
  });

  it.each([64, 61])('gives the same colours for a video frame of %d pixels as the browser draws', async (size) => {
    const worst = await run(async ({ createTensorBridge, wholeCrop }, size) => {
      const chromaSize = Math.ceil(size / 2);
      // As cameras deliver it: subsampled chroma, no colour space named.
      const bytes = new Uint8Array(size * size + 2 * chromaSize * chromaSize);
      for (let i = 0; i < bytes.length; i += 1) bytes[i] = i < size * size ? 40 + (i % size) * 3 : 90 + 2 * ((i - size * size) % chromaSize);
      const image = new VideoFrame(bytes, { format: 'I420', codedWidth: size, codedHeight: size, timestamp: 0 });
      const context = new OffscreenCanvas(size, size).getContext('2d')!;
      context.drawImage(image, 0, 0);
      const drawn = context.getImageData(0, 0, size, size).data;
      const bridge = createTensorBridge(size);
      const planes = (await bridge.cut({ image, timestampUs: 0, widthPx: size, heightPx: size, close: () => undefined }, wholeCrop(size))).data as Float32Array;
      let worst = 0;
      for (let i = 0; i < size * size; i += 1) for (const channel of [0, 1, 2]) worst = Math.max(worst, Math.abs((planes[channel * size * size + i]! + 1) * 127.5 - drawn[4 * i + channel]!));
      bridge.close();
      image.close();
      return worst;
    }, size);
    expect(worst).toBeLessThanOrEqual(4);
  });

  it.each([1.5, 3, 7])('does not skip pixels when the face is %d times larger than the crop', async (reduction) => {
    const spread = await run(async ({ createTensorBridge, cropOf, paintedFrame }, reduction) => {
      const size = 64;
      const framePx = Math.round(size * reduction);
      // The finest pattern there is: its mean is grey, a skipped pixel is black or white.
      const frame = await paintedFrame(framePx, framePx, (x, y) => ((x + y) % 2 ? [255, 255, 255] : [0, 0, 0]));
      const bridge = createTensorBridge(size);
      const angle = 0.1;
      const [c, s] = [Math.cos(angle) / framePx, Math.sin(angle) / framePx];
      const planes = (await bridge.cut(frame, cropOf([c, -s, 0.05, s, c, -0.05]))).data as Float32Array;
      const inside = [];
      for (let v = 10; v < size - 10; v += 1) inside.push(...planes.subarray(v * size + 10, (v + 1) * size - 10));
      const rms = Math.sqrt(inside.reduce((sum, value) => sum + value * value, 0) / inside.length);
      bridge.close();
      frame.close();
      return rms;
    }, reduction);
    // Taking single pixels would give 1.
    expect(spread).toBeLessThan(reduction < 2 ? 0.5 : 0.2);
  });
});

describe('from tensor to pixels', () => {
  it('rounds, clamps, and puts the matte into alpha', async () => {
    const pixels = await run(async ({ toPixels }) => {
      const rgba = new Uint8ClampedArray(2 * 4);
      toPixels(Float32Array.of(-1, 2, 0.5, -3, 1, 0, 0.25, 1.5), rgba);
      return Array.from(rgba);
    });
    expect(pixels).toEqual([0, 191, 255, 64, 255, 0, 128, 255]);
  });

  it.each([NaN, Infinity, -Infinity])('refuses %d anywhere', async (bad) => {
    const codes = await run(async ({ plain, toPixels }, index) => {
      const value = [NaN, Infinity, -Infinity][index]!;
      const out = [];
      for (let i = 0; i < 8; i += 1) {
        const planes = new Float32Array(8);
        planes[i] = value;
        try {
          toPixels(planes, new Uint8ClampedArray(8));
          out.push('none');
        } catch (error) {
          out.push(plain(error).code);
        }
      }
      return out;
    }, [NaN, Infinity, -Infinity].findIndex((value) => Object.is(value, bad)));
    expect(codes).toEqual(Array(8).fill('model-output'));
  });

  it('keeps the crops of four faces apart', async () => {
    const result = await run(async ({ createTensorBridge, floatTensor, paintedFrame, wholeCrop }) => {
      const frame = await paintedFrame(8, 8, () => [0, 0, 0]);
      const bridge = createTensorBridge(8);
      const crops = [0, 0.25, 0.5, 1].map((value) => bridge.toCrop(floatTensor(new Float32Array(4 * 64).fill(value), [1, 4, 8, 8]), frame, wholeCrop(8)));
      bridge.close();
      frame.close();
      return crops.map(({ rgba }) => rgba[3]);
    });
    expect(result).toEqual([0, 64, 128, 255]);
  });
});
