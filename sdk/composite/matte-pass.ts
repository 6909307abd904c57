import type { Affine, SmoothedCrop } from '../types';
import { growBounds, toPixelBox, type Bounds } from './bounds';
import type { ResolvedCompositeSettings } from './composite-settings';
import type { GlContext } from './gl-context';
import type { GlTarget } from './gl-texture';
import { matteProgram } from './matte-pass.glsl';

/** Feather radius in crop widths at setting 1. */
const MAX_FEATHER = 0.05;
/** Largest radius in texels for which the nearest neighbours will do. */
const NARROW_TEXELS = 2;
/** Width of the fade along the crop's border in crop widths. */
const BORDER = 0.04;
/** Height of the fade along its lower border, where the neck runs out of the crop in full view. */
const NECK = 0.12;
/** Texels per frame pixel above which sampling would skip texels. */
const MINIFIED = 1.5;

/** A styled crop ready to be laid over a frame. */
export interface Cutout {
  /** Premultiplied picture of the whole crop. */
  readonly picture: WebGLTexture;
  /** Outside of these it is transparent. */
  readonly bounds: Bounds;
}

/**
 * Makes a styled crop ready to be laid over the frame: colours matched, matte feathered and faded out along
 * the crop's border, premultiplied so that no colour from outside the matte bleeds into its edge.
 */
export class MattePass {
  readonly #context: GlContext;
  readonly #targets: (GlTarget | undefined)[] = [];

  constructor(context: GlContext) {
    this.#context = context;
  }

  compile(): void {
    this.#context.compile(matteProgram, ['NARROW']);
  }

  /**
   * Makes the cutout of the layer at place `index`; it holds until the next picture at that place.
   * `colors` is the result of the colour match, or null for none.
   */
  prepare(
    index: number,
    layer: SmoothedCrop,
    colors: WebGLTexture | null,
    settings: ResolvedCompositeSettings,
    frameFromCrop: Affine,
  ): Cutout {
    const context = this.#context;
    const { sizePx } = layer;
    const target = (this.#targets[index] ??= context.target({
      widthPx: sizePx,
      heightPx: sizePx,
      filter: 'mipmap',
    }));
    target.resize(sizePx, sizePx);
    const featherTexels = settings.feather * MAX_FEATHER * sizePx;
    const bounds = growBounds(layer.bounds, (1 + featherTexels) / sizePx);
    context.draw({
      program: matteProgram,
      defines: [...widthOf(featherTexels), ...(colors === null ? [] : ['COLORS'])],
      uniforms: {
        styled: layer.texture,
        ...(colors !== null && { colors, colorMatch: settings.colorMatch }),
        featherTexels,
        borderTexels: BORDER * sizePx,
        neckTexels: NECK * sizePx,
      },
      target,
      only: toPixelBox(bounds, sizePx),
    });
    const isMinified = sizePx / Math.hypot(frameFromCrop[0], frameFromCrop[3]) > MINIFIED;
    target.sampleMipmaps(isMinified);
    return { picture: target.handle, bounds };
  }

  /** Gives the cutout at place `index` away, to be closed by whoever takes it; undefined if there is none. */
  release(index: number): GlTarget | undefined {
    const target = this.#targets[index];
    this.#targets[index] = undefined;
    return target;
  }
}

function widthOf(featherTexels: number): readonly string[] {
  if (featherTexels === 0) return [];
  return featherTexels <= NARROW_TEXELS ? ['NARROW'] : ['WIDE'];
}
