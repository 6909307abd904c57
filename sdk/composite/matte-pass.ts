import type { Affine, SmoothedCrop } from '../types';
import type { ResolvedCompositeSettings } from './composite-settings';
import type { GlContext } from './gl-context';
import type { GlTarget } from './gl-texture';
import { matteProgram } from './matte-pass.glsl';

/** Feather radius in crop widths at setting 1. */
const MAX_FEATHER = 0.05;
/** Width of the fade along the crop's border in crop widths. */
const BORDER = 0.04;
/** Texels per frame pixel above which sampling would skip texels. */
const MINIFIED = 1.5;

/**
 * Makes a styled crop ready to be laid over the frame: colours matched, matte feathered and faded out along
 * the crop's border, premultiplied so that no colour from outside the matte bleeds into its edge.
 */
export class MattePass {
  readonly #context: GlContext;
  readonly #targets: GlTarget[] = [];

  constructor(context: GlContext) {
    this.#context = context;
  }

  compile(): void {
    this.#context.compile(matteProgram);
  }

  /**
   * Makes the picture of the layer at place `index`; it holds until the next picture at that place.
   * `colors` is the result of the colour match, or null for none.
   */
  prepare(
    index: number,
    layer: SmoothedCrop,
    colors: WebGLTexture | null,
    settings: ResolvedCompositeSettings,
    frameFromCrop: Affine,
  ): WebGLTexture {
    const context = this.#context;
    const { sizePx } = layer;
    const target = (this.#targets[index] ??= context.target({
      widthPx: sizePx,
      heightPx: sizePx,
      filter: 'mipmap',
    }));
    target.resize(sizePx, sizePx);
    context.draw({
      program: matteProgram,
      uniforms: {
        styled: layer.texture,
        // A sampler needs a texture even where it is not read.
        colors: colors ?? layer.texture,
        colorMatch: colors === null ? 0 : settings.colorMatch,
        featherTexels: settings.feather * MAX_FEATHER * sizePx,
        borderTexels: BORDER * sizePx,
      },
      target,
    });
    const isMinified = sizePx / Math.hypot(frameFromCrop[0], frameFromCrop[3]) > MINIFIED;
    target.sampleMipmaps(isMinified);
    return target.handle;
  }
}
