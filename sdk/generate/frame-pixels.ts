import { FilterError } from '../errors';
import type { Frame } from '../types';
import type { PixelBlock, Rect } from './crop-sampler';

/** Reads parts of frames as bytes. */
export interface FramePixels {
  /** The rectangle's pixels, upright. The block holds until the next read. */
  read(frame: Frame, rect: Rect): Promise<PixelBlock>;
  /** Frees the canvas. Idempotent. */
  close(): void;
}

/**
 * Opens a reader. A video frame gives its bytes directly where the browser can convert them to RGBA (0.2 ms for a face
 * in 640×480); stills, turned or stretched frames and other browsers take the way through a canvas.
 */
export function createFramePixels(): FramePixels {
  let canConvert: Promise<boolean> | undefined;
  let buffer = new Uint8Array(0);
  let context: OffscreenCanvasRenderingContext2D | undefined;

  async function read(frame: Frame, rect: Rect): Promise<PixelBlock> {
    if (isPlain(frame)) {
      canConvert ??= convertsToRgba();
      if (await canConvert) return copy(frame.image as VideoFrame, rect);
    }
    return draw(frame, rect);
  }

  async function copy(image: VideoFrame, { x, y, width, height }: Rect): Promise<PixelBlock> {
    const length = 4 * width * height;
    if (buffer.length < length) buffer = new Uint8Array(length);
    const origin = image.visibleRect ?? { x: 0, y: 0 };
    const [layout] = await image.copyTo(buffer, { format: 'RGBA', rect: { x: origin.x + x, y: origin.y + y, width, height } });
    return { bytes: buffer, offset: layout?.offset ?? 0, strideBytes: layout?.stride ?? 4 * width, width, height };
  }

  function draw({ image, widthPx, heightPx }: Frame, { x, y, width, height }: Rect): PixelBlock {
    context ??= open2d();
    if (context.canvas.width < width) context.canvas.width = width;
    if (context.canvas.height < height) context.canvas.height = height;
    context.drawImage(image, -x, -y, widthPx, heightPx);
    const { data } = context.getImageData(0, 0, width, height);
    return { bytes: new Uint8Array(data.buffer), offset: 0, strideBytes: 4 * width, width, height };
  }

  function close(): void {
    buffer = new Uint8Array(0);
    if (context) context.canvas.width = context.canvas.height = 0;
    context = undefined;
  }

  return { read, close };
}

/** Whether the frame's bytes are its displayed pixels: neither turned nor stretched nor off the chroma grid, and within reach of the processor. */
function isPlain({ image, widthPx, heightPx }: Frame): boolean {
  if (!('copyTo' in image) || image.format === null || !image.visibleRect) return false;
  const { rotation = 0, flip = false } = image as { rotation?: number; flip?: boolean };
  const { x, y, width, height } = image.visibleRect;
  return rotation === 0 && !flip && width === widthPx && height === heightPx && x % 2 === 0 && y % 2 === 0;
}

/** Browsers without conversion copy the frame's own format and say nothing: one known pixel tells. */
async function convertsToRgba(): Promise<boolean> {
  const [red, green, blue, alpha] = [200, 100, 50, 255];
  const frame = new VideoFrame(Uint8Array.of(blue, green, red, alpha), { format: 'BGRA', codedWidth: 1, codedHeight: 1, timestamp: 0 });
  try {
    const pixel = new Uint8Array(4);
    await frame.copyTo(pixel, { format: 'RGBA' });
    return pixel[0] === red && pixel[2] === blue;
  } catch {
    return false;
  } finally {
    frame.close();
  }
}

function open2d(): OffscreenCanvasRenderingContext2D {
  const context = new OffscreenCanvas(1, 1).getContext('2d', { alpha: false, willReadFrequently: true });
  if (context) return context;
  throw new FilterError('unsupported', 'The browser gave no 2D canvas to cut faces with. Close other tabs or use another browser.', { stage: 'generate', fatal: true });
}
