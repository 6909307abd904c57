import type { Frame } from '../types';
import { frameProgram } from './frame-pass.glsl';
import type { GlContext } from './gl-context';
import { FrameTexture } from './frame-texture';

/** Uploads the frame and draws it over the whole canvas, pixel for pixel. */
export class FramePass {
  readonly #context: GlContext;
  /** The frame last uploaded; row 0 is its top. */
  readonly texture: FrameTexture;

  constructor(context: GlContext) {
    this.#context = context;
    this.texture = new FrameTexture(context);
  }

  compile(): void {
    this.#context.compile(frameProgram);
  }

  upload(frame: Frame): Promise<void> {
    return this.texture.upload(frame);
  }

  /** Takes over the frame's size only. */
  skip(frame: Frame): void {
    this.texture.measure(frame);
  }

  draw(mirror: boolean): void {
    this.#context.draw({
      program: frameProgram,
      defines: this.texture.defines,
      uniforms: { frame: this.texture.handle, frameSizePx: this.texture.frameSizePx, mirror },
      target: null,
    });
  }
}
