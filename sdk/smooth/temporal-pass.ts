import { toMat3 } from '../affine';
import { toPixelBox, type Bounds } from '../composite/bounds';
import type { GlContext } from '../composite/gl-context';
import type { GlTarget, GlTexture } from '../composite/gl-texture';
import type { Affine } from '../types';
import { temporalProgram } from './temporal-pass.glsl';

/** Blends a new styled crop with the previous result. */
export class TemporalPass {
  readonly #context: GlContext;
  readonly #incoming: GlTexture;

  constructor(context: GlContext) {
    this.#context = context;
    this.#incoming = context.texture({ widthPx: 1, heightPx: 1, filter: 'nearest' });
    context.compile(temporalProgram);
    context.compile(temporalProgram, ['MOVED']);
  }

  /** Writes the new picture into `target` as it is. */
  replace(rgba: Uint8ClampedArray, target: GlTarget): void {
    upload(this.#context.gl, rgba, target);
  }

  /**
   * Writes the blend of the new picture and `history` into `target`; `newShare` is the new one's weight at rest, 0…1.
   * `previousFromCurrent` is null where history already lies right.
   * Outside `bounds`, where the new matte is empty, the target becomes transparent.
   */
  blend(
    rgba: Uint8ClampedArray,
    history: GlTarget,
    target: GlTarget,
    bounds: Bounds,
    previousFromCurrent: Affine | null,
    newShare: number,
  ): void {
    this.#incoming.resize(target.widthPx, target.heightPx);
    upload(this.#context.gl, rgba, this.#incoming);
    this.#context.draw({
      program: temporalProgram,
      defines: previousFromCurrent === null ? [] : ['MOVED'],
      uniforms: {
        incoming: this.#incoming.handle,
        history: history.handle,
        ...(previousFromCurrent !== null && { previousFromCurrent: toMat3(previousFromCurrent) }),
        newShare,
      },
      target,
      only: toPixelBox(bounds, target.widthPx),
    });
  }

  close(): void {
    this.#incoming.close();
  }
}

function upload(gl: WebGL2RenderingContext, rgba: Uint8ClampedArray, texture: GlTexture): void {
  const { widthPx, heightPx } = texture;
  gl.bindTexture(gl.TEXTURE_2D, texture.handle);
  gl.texSubImage2D(gl.TEXTURE_2D, 0, 0, 0, widthPx, heightPx, gl.RGBA, gl.UNSIGNED_BYTE, rgba);
}
