import { toMat3 } from '../affine';
import type { Affine } from '../types';
import type { ResolvedCompositeSettings } from './composite-settings';
import type { FrameTexture } from './frame-texture';
import type { GlContext } from './gl-context';
import type { GlTarget } from './gl-texture';
import { layerProgram } from './layer-pass.glsl';
import type { Cutout } from './matte-pass';

/** A styled head ready to be drawn. */
export interface PlacedLayer extends Cutout {
  /** Where it lies. */
  readonly frameFromCrop: Affine;
  /** How far it has faded in, 0…1. */
  readonly opacity: number;
  readonly sizePx: number;
}

/** Frame pixels per texel from which bilinear sampling looks soft. */
const MAGNIFIED = 1.1;

/** Warps styled heads back into the frame. Only the part of each crop that holds its matte is drawn. */
export class LayerPass {
  readonly #context: GlContext;

  constructor(context: GlContext) {
    this.#context = context;
  }

  compile(): void {
    this.#context.compile(layerProgram);
  }

  /** Lays one head over what is on the canvas. */
  draw(layer: PlacedLayer, frame: FrameTexture, settings: ResolvedCompositeSettings): void {
    const { opacity, background } = settings;
    const scale = Math.hypot(layer.frameFromCrop[0], layer.frameFromCrop[3]) / layer.sizePx;
    const underlay = background === 'keep' ? 0 : layer.opacity * (1 - opacity);
    const isSharp = scale > MAGNIFIED && this.#isBicubic(settings);
    const defines = [...(isSharp ? ['BICUBIC'] : []), ...(underlay > 0 ? ['UNDERLAY', ...frame.defines] : [])];
    this.#draw(layer, frame, null, defines, {
      mirror: settings.mirror,
      opacity: layer.opacity * opacity,
      underlay,
    });
  }

  /** Takes one head out of a picture of the frame: what it covers becomes transparent. */
  cut(layer: PlacedLayer, frame: FrameTexture, target: GlTarget): void {
    this.#draw(layer, frame, target, [], { mirror: false, opacity: layer.opacity, underlay: 0 });
  }

  #isBicubic({ resampling }: ResolvedCompositeSettings): boolean {
    return resampling === 'auto' ? !this.#context.isSoftware : resampling === 'bicubic';
  }

  #draw(
    layer: PlacedLayer,
    frame: FrameTexture,
    target: GlTarget | null,
    defines: readonly string[],
    uniforms: { mirror: boolean; opacity: number; underlay: number },
  ): void {
    this.#context.draw({
      program: layerProgram,
      defines,
      uniforms: {
        ...uniforms,
        picture: layer.picture,
        frame: frame.handle,
        frameFromCrop: toMat3(layer.frameFromCrop),
        frameSizePx: frame.frameSizePx,
        bounds: layer.bounds,
      },
      target,
      vertices: 4,
      blend: target === null ? 'over' : 'cut',
    });
  }
}
