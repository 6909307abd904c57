import { toMat3 } from '../affine';
import type { Affine, SmoothedCrop } from '../types';
import { cellMeansProgram, solveProgram, STATISTICS_CELLS } from './color-match-pass.glsl';
import type { FrameTexture } from './frame-texture';
import type { GlContext } from './gl-context';
import type { GlTarget } from './gl-texture';

/** Share of a new frame's colours in the running result: the light changes slowly, sampling noise fast. */
const NEW_SHARE = 0.15;

/**
 * Finds the colour change that gives each styled face the photo's mean and spread, on the GPU and without
 * reading back. Left out where the device cannot draw to float textures.
 */
export class ColorMatchPass {
  readonly #context: GlContext;
  readonly #cells: GlTarget;
  readonly #byFace = new Map<number, { colors: GlTarget; epoch: number }>();

  constructor(context: GlContext) {
    this.#context = context;
    this.#cells = context.target({
      widthPx: 2 * STATISTICS_CELLS,
      heightPx: STATISTICS_CELLS,
      filter: 'nearest',
    });
  }

  /** Scale and offset for one face as a 2×1 texture, or null where the device cannot compute them. */
  solve(layer: SmoothedCrop, frameFromCrop: Affine, frame: FrameTexture): WebGLTexture | null {
    const context = this.#context;
    if (!context.canDrawHalfFloat) return null;
    context.draw({
      program: cellMeansProgram,
      uniforms: {
        styled: layer.texture,
        frame: frame.handle,
        frameFromCrop: toMat3(frameFromCrop),
        frameSizePx: frame.frameSizePx,
      },
      target: this.#cells,
    });
    const known = this.#byFace.get(layer.crop.faceId);
    const colors =
      known?.colors ??
      context.target({ widthPx: 2, heightPx: 1, format: 'rgba16f', filter: 'nearest' });
    const isFirst = known?.epoch !== context.epoch;
    this.#byFace.set(layer.crop.faceId, { colors, epoch: context.epoch });
    context.draw({
      program: solveProgram,
      uniforms: { cells: this.#cells.handle },
      target: colors,
      ...(!isFirst && { blend: 'mix', mix: NEW_SHARE }),
    });
    return colors.handle;
  }

  /** Frees what belongs to faces that are no longer shown. */
  keepOnly(layers: readonly SmoothedCrop[]): void {
    for (const [faceId, { colors }] of this.#byFace) {
      if (layers.some((layer) => layer.crop.faceId === faceId)) continue;
      colors.close();
      this.#byFace.delete(faceId);
    }
  }
}
