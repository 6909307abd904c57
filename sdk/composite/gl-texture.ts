import { FilterError } from '../errors';

/** Pixel layouts in use: 8 bits a channel, or 16-bit floats for statistics. */
export type TextureFormat = 'rgba8' | 'rgba16f';

/** What a texture holds and how it is read. */
export interface TextureSpec {
  readonly widthPx: number;
  readonly heightPx: number;
  /** Default `rgba8`. */
  readonly format?: TextureFormat;
  /** Who makes room for the pixels: the texture itself, or the browser at each `texImage2D`. Default `own`. */
  readonly storage?: 'own' | 'browser';
  /** How it is sampled; `mipmap` makes room for mipmaps, see `sampleMipmaps`. Default `linear`. */
  readonly filter?: 'nearest' | 'linear' | 'mipmap';
}

/** What textures need of the context that owns them. */
export interface GlOwner {
  readonly gl: WebGL2RenderingContext;
  /** Grows by one each time the context is lost: objects of earlier epochs are gone. */
  readonly epoch: number;
  /** Whether the context is away at the moment. */
  readonly lost: boolean;
  /** Drops a closed texture from the owner's books. */
  forget(texture: GlTexture): void;
}

/**
 * A texture that remembers its size rather than its GL object: the object is made when first used,
 * and made again (empty) after a lost context. Made by `GlContext.texture`.
 */
export class GlTexture {
  protected readonly owner: GlOwner;
  readonly #spec: TextureSpec;
  #widthPx: number;
  #heightPx: number;
  #texture: WebGLTexture | null = null;
  #epoch = -1;
  #closed = false;

  constructor(owner: GlOwner, spec: TextureSpec) {
    this.owner = owner;
    this.#spec = spec;
    this.#widthPx = spec.widthPx;
    this.#heightPx = spec.heightPx;
  }

  get widthPx(): number {
    return this.#widthPx;
  }

  get heightPx(): number {
    return this.#heightPx;
  }

  /** Whether a GL object exists at the moment. */
  get allocated(): boolean {
    return this.#texture !== null && this.#epoch === this.owner.epoch;
  }

  /** The GL object; made, with undefined pixels, if there is none. */
  get handle(): WebGLTexture {
    if (this.#closed) {
      throw new FilterError('closed', 'A texture was used after close().', { stage: 'composite' });
    }
    if (!this.allocated) {
      this.#texture = this.allocate();
      this.#epoch = this.owner.epoch;
    }
    return this.#texture!;
  }

  /** Gives the texture a new size; its pixels are lost if that differs from the old one. */
  resize(widthPx: number, heightPx: number): void {
    if (widthPx === this.#widthPx && heightPx === this.#heightPx) return;
    this.release();
    this.#widthPx = widthPx;
    this.#heightPx = heightPx;
  }

  /** Makes mipmaps from the texture's present pixels and samples them when made smaller, or leaves both off (cheaper). */
  sampleMipmaps(on: boolean): void {
    const { gl } = this.owner;
    gl.bindTexture(gl.TEXTURE_2D, this.handle);
    if (on) gl.generateMipmap(gl.TEXTURE_2D);
    gl.texParameteri(
      gl.TEXTURE_2D,
      gl.TEXTURE_MIN_FILTER,
      on ? gl.LINEAR_MIPMAP_LINEAR : gl.LINEAR,
    );
  }

  /** Deletes the GL object. Idempotent. */
  close(): void {
    this.release();
    this.#closed = true;
    this.owner.forget(this);
  }

  /** Makes the GL object. */
  protected allocate(): WebGLTexture {
    const { gl } = this.owner;
    const texture = gl.createTexture();
    gl.bindTexture(gl.TEXTURE_2D, texture);
    const { format = 'rgba8', filter = 'linear', storage = 'own' } = this.#spec;
    const longest = Math.max(this.#widthPx, this.#heightPx);
    const levels = filter === 'mipmap' ? 1 + Math.floor(Math.log2(longest)) : 1;
    const layout = format === 'rgba8' ? gl.RGBA8 : gl.RGBA16F;
    if (storage === 'own') {
      gl.texStorage2D(gl.TEXTURE_2D, levels, layout, this.#widthPx, this.#heightPx);
    }
    const magnify = filter === 'nearest' ? gl.NEAREST : gl.LINEAR;
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MAG_FILTER, magnify);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MIN_FILTER, magnify);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_WRAP_S, gl.CLAMP_TO_EDGE);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_WRAP_T, gl.CLAMP_TO_EDGE);
    return texture;
  }

  /** Deletes the GL object but leaves the texture usable. */
  protected release(): void {
    if (this.allocated) this.owner.gl.deleteTexture(this.#texture);
    this.#texture = null;
  }
}

/** A texture with a framebuffer of its own, so that it can be drawn to. Made by `GlContext.target`. */
export class GlTarget extends GlTexture {
  #framebuffer: WebGLFramebuffer | null = null;

  /** The framebuffer to bind for drawing into this texture. */
  get framebuffer(): WebGLFramebuffer {
    void this.handle;
    return this.#framebuffer!;
  }

  protected override allocate(): WebGLTexture {
    const texture = super.allocate();
    const { gl } = this.owner;
    this.#framebuffer = gl.createFramebuffer();
    gl.bindFramebuffer(gl.FRAMEBUFFER, this.#framebuffer);
    gl.framebufferTexture2D(gl.FRAMEBUFFER, gl.COLOR_ATTACHMENT0, gl.TEXTURE_2D, texture, 0);
    return texture;
  }

  protected override release(): void {
    if (this.allocated) this.owner.gl.deleteFramebuffer(this.#framebuffer);
    this.#framebuffer = null;
    super.release();
  }
}
