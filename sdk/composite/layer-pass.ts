import { toMat3 } from '../affine';
import type { Affine } from '../types';
import type { ResolvedCompositeSettings } from './composite-settings';
import type { FrameTexture } from './frame-texture';
import type { Blend, GlContext } from './gl-context';
import type { GlTarget } from './gl-texture';
import { layerProgram } from './layer-pass.glsl';
import type { Cutout } from './matte-pass';
import { unionBounds, type PastLayer } from './style-transition';

/** A styled head ready to be drawn. */
export interface PlacedLayer extends Cutout {
  /** Where it lies. */
  readonly frameFromCrop: Affine;
  /** How far it has faded in, 0…1. */
  readonly opacity: number;
  readonly sizePx: number;
  /** What it still holds of the style before; null for nothing. */
  readonly past: PastLayer | null;
}

/** Frame pixels per texel from which bilinear sampling looks soft. */
const MAGNIFIED = 1.1;

/** Lays a crop over a texture of one unit, row 0 of both at the top. */
const UPRIGHT: Affine = [1, 0, 0, 0, -1, 1];

/** Warps styled heads back into the frame. Only the part of each crop that holds its matte is drawn. */
export class LayerPass {
  readonly #context: GlContext;

  constructor(context: GlContext) {
    this.#context = context;
  }

  compile(): void {
    this.#context.compile(layerProgram);
    this.#context.compile(layerProgram, ['FADING']);
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

  /** Draws a head with what it holds of the style before into a picture of its whole crop. */
  merge(layer: PlacedLayer, frame: FrameTexture, target: GlTarget): void {
    const past: PastLayer | null = layer.past && { ...layer.past, bounds: [0, 0, 0, 0] };
    this.#draw({ ...layer, past, bounds: [0, 0, 1, 1], frameFromCrop: UPRIGHT }, { handle: frame.handle, frameSizePx: [1, 1] }, target, [], { mirror: false, opacity: 1, underlay: 0 }, 'replace');
  }

  #isBicubic({ resampling }: ResolvedCompositeSettings): boolean {
    return resampling === 'auto' ? !this.#context.isSoftware : resampling === 'bicubic';
  }

  #draw(
    layer: PlacedLayer,
    frame: Pick<FrameTexture, 'handle' | 'frameSizePx'>,
    target: GlTarget | null,
    defines: readonly string[],
    uniforms: { mirror: boolean; opacity: number; underlay: number },
    blend: Blend = target === null ? 'over' : 'cut',
  ): void {
    const { past } = layer;
    this.#context.draw({
      program: layerProgram,
      defines: past === null ? defines : [...defines, 'FADING'],
      uniforms: {
        ...uniforms,
        ...(past !== null && { past: past.picture, pastFromCrop: toMat3(past.pastFromCrop), pastShare: past.share }),
        picture: layer.picture,
        frame: frame.handle,
        frameFromCrop: toMat3(layer.frameFromCrop),
        frameSizePx: frame.frameSizePx,
        bounds: past === null ? layer.bounds : unionBounds(layer.bounds, past.bounds),
      },
      target,
      vertices: 4,
      blend,
    });
  }
}
