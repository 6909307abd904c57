/** A worker that composes one picture on an OffscreenCanvas from the page and answers with one of its pixels. */
import { cropAt, frameOf, openBench } from './composite-page';

self.onmessage = async ({ data: canvas }: MessageEvent<OffscreenCanvas>) => {
  const bench = openBench({ canvas });
  const frame = await frameOf(64, 48, () => [10, 20, 30, 255], 'yuv');
  await bench.compositor.compose(frame, [bench.layer(cropAt(1, 32, 24, 40), 64, () => [200, 100, 50, 255])]);
  const pixel = bench.pixel(32, 24);
  frame.close();
  bench.close();
  self.postMessage(pixel);
};
