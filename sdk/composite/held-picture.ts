import type { GlContext } from './gl-context';
import type { GlTarget } from './gl-texture';

/** A copy of the last picture, for showing it again while nothing newer may be shown. */
export class HeldPicture {
  readonly #context: GlContext;
  #copy: GlTarget | null = null;

  constructor(context: GlContext) {
    this.#context = context;
  }

  /** Whether there is a picture; a lost context loses it. */
  get available(): boolean {
    return this.#copy?.allocated ?? false;
  }

  get widthPx(): number {
    return this.#copy?.widthPx ?? 0;
  }

  get heightPx(): number {
    return this.#copy?.heightPx ?? 0;
  }

  /** Copies what is on the canvas. */
  take(): void {
    const { width: widthPx, height: heightPx } = this.#context.canvas;
    this.#copy ??= this.#context.target({ widthPx, heightPx });
    this.#copy.resize(widthPx, heightPx);
    this.#blit(null, this.#copy.framebuffer);
  }

  /** Puts the copy on the canvas, which must have its size. */
  show(): void {
    if (this.#copy !== null) this.#blit(this.#copy.framebuffer, null);
  }

  /** Frees the copy. */
  drop(): void {
    this.#copy?.close();
    this.#copy = null;
  }

  #blit(from: WebGLFramebuffer | null, to: WebGLFramebuffer | null): void {
    const { gl } = this.#context;
    const { widthPx, heightPx } = this;
    gl.bindFramebuffer(gl.READ_FRAMEBUFFER, from);
    gl.bindFramebuffer(gl.DRAW_FRAMEBUFFER, to);
    gl.blitFramebuffer(
      0, 0, widthPx, heightPx,
      0, 0, widthPx, heightPx,
      gl.COLOR_BUFFER_BIT, gl.NEAREST,
    );
    gl.bindFramebuffer(gl.FRAMEBUFFER, null);
  }
}
