/** What the tests of compositing and temporal smoothing do inside the page: frames, crops and pixels by hand. */
import { createCompositor, type Compositor, type CompositorOptions } from '../../../sdk/composite/compositor';
import type { GlTexture } from '../../../sdk/composite/gl-texture';
import { FilterError } from '../../../sdk/errors';
import type { Affine, FaceCrop, Frame, SmoothedCrop, StyledCrop } from '../../../sdk/types';

export { createCompositor } from '../../../sdk/composite/compositor';
export { createTemporalFilter } from '../../../sdk/smooth/temporal-filter';

/** Straight RGBA of one pixel. */
export type Pixel = readonly [number, number, number, number];

/** Bytes of a picture that is painted pixel by pixel, row 0 at the top. */
export function paint(widthPx: number, heightPx: number, at: (x: number, y: number) => Pixel): Uint8ClampedArray<ArrayBuffer> {
  const rgba = new Uint8ClampedArray(widthPx * heightPx * 4);
  for (let y = 0; y < heightPx; y += 1) for (let x = 0; x < widthPx; x += 1) rgba.set(at(x, y), 4 * (y * widthPx + x));
  return rgba;
}

/** A picture in which every pixel differs from its neighbours. */
export function texturedPixel(x: number, y: number): Pixel {
  return [(x * 7 + y * 3) % 256, (x * 5 + y * 11) % 256, (x * y) % 256, 255];
}

/** How a frame comes from its source. */
export type FrameKind = 'bitmap' | 'rgb' | 'yuv';

/** A frame of painted pixels: an `ImageBitmap`, a `VideoFrame` with RGB, or one with subsampled YUV as cameras give. */
export async function frameOf(widthPx: number, heightPx: number, at: (x: number, y: number) => Pixel, kind: FrameKind = 'rgb', timestampUs = 0): Promise<Frame> {
  const image = await imageOf(paint(widthPx, heightPx, at), widthPx, heightPx, kind, timestampUs);
  return { image, timestampUs, widthPx, heightPx, close: () => image.close() };
}

async function imageOf(rgba: Uint8ClampedArray<ArrayBuffer>, widthPx: number, heightPx: number, kind: FrameKind, timestamp: number): Promise<VideoFrame | ImageBitmap> {
  if (kind === 'bitmap') return createImageBitmap(new ImageData(rgba, widthPx, heightPx));
  const size = { codedWidth: widthPx, codedHeight: heightPx, timestamp };
  if (kind === 'rgb') return new VideoFrame(rgba, { ...size, format: 'RGBX' });
  const half = Math.ceil(widthPx / 2) * Math.ceil(heightPx / 2);
  const planes = new Uint8Array(widthPx * heightPx + 2 * half);
  for (let i = 0; i < widthPx * heightPx; i += 1) planes[i] = 16 + (rgba[4 * i]! * 219) / 255;
  for (let i = 0; i < 2 * half; i += 1) planes[widthPx * heightPx + i] = 16 + (rgba[4 * (i % (widthPx * heightPx)) + 1]! * 224) / 255;
  return new VideoFrame(planes, { ...size, format: 'I420' });
}

/** A crop: a square of the frame, turned by `rollRad` about its centre. */
export function cropAt(faceId: number, centreXPx: number, centreYPx: number, sidePx: number, rollRad = 0, landmarksCrop: Float32Array = new Float32Array()): FaceCrop {
  const cos = Math.cos(rollRad) / sidePx;
  const sin = Math.sin(rollRad) / sidePx;
  const cropFromFrame: Affine = [cos, sin, 0.5 - cos * centreXPx - sin * centreYPx, -sin, cos, 0.5 + sin * centreXPx - cos * centreYPx];
  return { faceId, cropFromFrame, landmarksCrop };
}

/** A compositor with what the tests need around it. */
export interface Bench {
  readonly compositor: Compositor;
  /** A layer of painted pixels. Its texture lives until `close`. */
  layer(crop: FaceCrop, sizePx: number, at: (x: number, y: number) => Pixel, opacity?: number): SmoothedCrop;
  /** The canvas as premultiplied RGBA, row 0 at the top. */
  read(): number[];
  /** One pixel of the canvas, premultiplied. */
  pixel(x: number, y: number): number[];
  close(): void;
}

/** Opens a compositor on a canvas of its own. */
export function openBench(options: Omit<CompositorOptions, 'canvas'> & { readonly canvas?: OffscreenCanvas | HTMLCanvasElement } = {}): Bench {
  const compositor = createCompositor({ canvas: new OffscreenCanvas(1, 1), ...options });
  const { gl } = compositor.gl;
  const textures: GlTexture[] = [];
  const read = (): number[] => {
    const { width, height } = compositor.canvas;
    return readPixels(gl, null, width, height, 'bottom');
  };
  return {
    compositor,
    layer(crop, sizePx, at, opacity = 1) {
      const texture = compositor.gl.texture({ widthPx: sizePx, heightPx: sizePx });
      textures.push(texture);
      gl.bindTexture(gl.TEXTURE_2D, texture.handle);
      gl.texSubImage2D(gl.TEXTURE_2D, 0, 0, 0, sizePx, sizePx, gl.RGBA, gl.UNSIGNED_BYTE, paint(sizePx, sizePx, at));
      return { crop, sizePx, opacity, texture: texture.handle };
    },
    read,
    pixel: (x, y) => read().slice(4 * (y * compositor.canvas.width + x), 4 * (y * compositor.canvas.width + x) + 4),
    close() {
      for (const texture of textures) texture.close();
      compositor.close();
    },
  };
}

/** Reads a framebuffer, row 0 at the top of the picture. */
function readPixels(gl: WebGL2RenderingContext, framebuffer: WebGLFramebuffer | null, widthPx: number, heightPx: number, firstRow: 'top' | 'bottom'): number[] {
  const bytes = new Uint8Array(widthPx * heightPx * 4);
  gl.bindFramebuffer(gl.FRAMEBUFFER, framebuffer);
  gl.readPixels(0, 0, widthPx, heightPx, gl.RGBA, gl.UNSIGNED_BYTE, bytes);
  gl.bindFramebuffer(gl.FRAMEBUFFER, null);
  if (firstRow === 'top') return Array.from(bytes);
  const rows = Array.from({ length: heightPx }, (_, y) => bytes.subarray(4 * widthPx * (heightPx - 1 - y), 4 * widthPx * (heightPx - y)));
  return rows.flatMap((row) => Array.from(row));
}

/** Reads a texture of the compositor's context, row 0 first. */
export function readTexture(compositor: Compositor, texture: WebGLTexture, sizePx: number): number[] {
  const { gl } = compositor.gl;
  const framebuffer = gl.createFramebuffer();
  gl.bindFramebuffer(gl.FRAMEBUFFER, framebuffer);
  gl.framebufferTexture2D(gl.FRAMEBUFFER, gl.COLOR_ATTACHMENT0, gl.TEXTURE_2D, texture, 0);
  const pixels = readPixels(gl, framebuffer, sizePx, sizePx, 'top');
  gl.deleteFramebuffer(framebuffer);
  return pixels;
}

/** The frame as a 2D canvas shows it: what the compositor must leave unchanged outside the mattes. */
export function drawnBy2d({ image, widthPx, heightPx }: Frame): number[] {
  const context = new OffscreenCanvas(widthPx, heightPx).getContext('2d', { willReadFrequently: true })!;
  context.drawImage(image, 0, 0, widthPx, heightPx);
  return Array.from(context.getImageData(0, 0, widthPx, heightPx).data);
}

/** Largest difference of two pictures, over the pixels that `where` selects. */
export function largestDifference(a: readonly number[], b: readonly number[], widthPx: number, where: (x: number, y: number) => boolean = () => true): number {
  let largest = a.length === b.length ? 0 : Infinity;
  for (let i = 0; i < a.length; i += 1) {
    const pixel = i >> 2;
    if (where(pixel % widthPx, Math.floor(pixel / widthPx))) largest = Math.max(largest, Math.abs(a[i]! - b[i]!));
  }
  return largest;
}

/** A styled crop of painted pixels, as the generator hands it over. */
export function styledOf(crop: FaceCrop, sizePx: number, timestampUs: number, at: (x: number, y: number) => Pixel): StyledCrop {
  return { crop, sizePx, timestampUs, rgba: paint(sizePx, sizePx, at) };
}

/** What a call or promise fails with. */
export async function failure(work: () => unknown): Promise<{ code: string; message: string; fatal: boolean }> {
  try {
    await work();
  } catch (error) {
    if (error instanceof FilterError) return { code: error.code, message: error.message, fatal: error.fatal };
    return { code: `not a FilterError: ${String(error)}`, message: '', fatal: false };
  }
  return { code: 'none', message: 'it did not fail', fatal: false };
}
