import type { Frame } from '../types';
import type { GlContext } from './gl-context';
import type { GlTexture } from './gl-texture';

/**
 * The current frame on the GPU, row 0 at its top. Browsers turn the frame upright and convert its colours.
 *
 * A GPU takes a frame directly. Software rendering does that slowly (5–20 ms for 640×480), while reading
 * the frame's pixels and uploading them as bytes takes half a millisecond and gives the same colours.
 */
export class FrameTexture {
  readonly #context: GlContext;
  readonly #direct: GlTexture;
  readonly #copied: GlTexture;
  #current: GlTexture;
  #bytes = new Uint8Array(0);
  #canCopy = true;
  #isStretched = false;
  #frameSizePx: readonly [number, number] = [1, 1];

  constructor(context: GlContext) {
    this.#context = context;
    this.#direct = context.texture({ widthPx: 1, heightPx: 1, storage: 'browser' });
    this.#copied = context.texture({ widthPx: 1, heightPx: 1 });
    this.#current = this.#direct;
  }

  /** The GL texture; valid until the next upload. */
  get handle(): WebGLTexture {
    return this.#current.handle;
  }

  /** Displayed width and height of the frame; the texture differs from it where pixels are not square. */
  get frameSizePx(): readonly [number, number] {
    return this.#frameSizePx;
  }

  /** What a shader that reads the frame must have defined. */
  get defines(): readonly string[] {
    return this.#isStretched ? ['STRETCHED'] : [];
  }

  /** Takes over a frame's size and leaves the pixels as they are. */
  measure(frame: Frame): void {
    const [widthPx, heightPx] = pixelSizeOf(frame);
    this.#frameSizePx = [frame.widthPx, frame.heightPx];
    this.#isStretched = widthPx !== frame.widthPx || heightPx !== frame.heightPx;
  }

  /** Uploads a frame. Reads it only before the promise settles. */
  async upload(frame: Frame): Promise<void> {
    this.measure(frame);
    if (this.#context.isSoftware && this.#canCopy && isPlain(frame)) {
      this.#canCopy = await this.#uploadCopy(frame.image as VideoFrame, frame);
      if (this.#canCopy) return;
    }
    this.#context.assertUsable();
    const { gl } = this.#context;
    this.#current = this.#direct;
    gl.bindTexture(gl.TEXTURE_2D, this.#direct.handle);
    gl.pixelStorei(gl.UNPACK_PREMULTIPLY_ALPHA_WEBGL, true);
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA, gl.RGBA, gl.UNSIGNED_BYTE, frame.image);
    gl.pixelStorei(gl.UNPACK_PREMULTIPLY_ALPHA_WEBGL, false);
  }

  /** Resolves to false where the browser cannot convert a frame to RGBA. */
  async #uploadCopy(image: VideoFrame, { widthPx, heightPx }: Frame): Promise<boolean> {
    const size = widthPx * heightPx * 4;
    if (this.#bytes.length !== size) this.#bytes = new Uint8Array(size);
    try {
      // Browsers that cannot convert may overlook the wish and copy the frame's own format.
      if (image.allocationSize({ format: 'RGBA' }) !== size) return false;
      await image.copyTo(this.#bytes, { format: 'RGBA' });
    } catch (error) {
      if (error instanceof DOMException && error.name === 'NotSupportedError') return false;
      throw error;
    }
    this.#context.assertUsable();
    const { gl } = this.#context;
    this.#current = this.#copied;
    this.#copied.resize(widthPx, heightPx);
    gl.bindTexture(gl.TEXTURE_2D, this.#copied.handle);
    gl.texSubImage2D(gl.TEXTURE_2D, 0, 0, 0, widthPx, heightPx, gl.RGBA, gl.UNSIGNED_BYTE, this.#bytes);
    return true;
  }
}

/** Width and height of the upright picture in its own pixels; the texture gets that size. */
function pixelSizeOf({ image }: Frame): readonly [number, number] {
  if (!('visibleRect' in image)) return [image.width, image.height];
  const { width = 0, height = 0 } = image.visibleRect ?? {};
  return turnOf(image) % 180 === 0 ? [width, height] : [height, width];
}

/** Degrees by which the browser turns the frame; only newer ones tell. */
function turnOf(image: VideoFrame): number {
  return (image as { rotation?: number }).rotation ?? 0;
}

/** Whether the frame's bytes are its displayed pixels: opaque, neither turned nor stretched. */
function isPlain({ image, widthPx, heightPx }: Frame): boolean {
  if (!('copyTo' in image)) return false;
  const { flip = false } = image as { flip?: boolean };
  const { visibleRect, format } = image;
  return (
    turnOf(image) === 0 &&
    !flip &&
    visibleRect?.width === widthPx &&
    visibleRect.height === heightPx &&
    format !== null &&
    !format.includes('A')
  );
}
