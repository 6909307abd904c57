import { toMat3 } from '../affine';
import type { Affine } from '../types';
import type { ResolvedCompositeSettings } from './composite-settings';
import type { FrameTexture } from './frame-texture';
import type { GlContext } from './gl-context';
import type { GlTarget } from './gl-texture';
import { layerProgram } from './layer-pass.glsl';

/** A styled head ready to be drawn. */
export interface PlacedLayer {
  /** Premultiplied picture from `MattePass`. */
  readonly picture: WebGLTexture;
  /** Where it lies. */
  readonly frameFromCrop: Affine;
  /** How far it has faded in, 0…1. */
  readonly opacity: number;
  readonly sizePx: number;
}

/** Frame pixels per texel from which bilinear sampling looks soft. */
const MAGNIFIED = 1.1;

/** Warps styled heads back into the frame. Only the crop's square is drawn. */
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
    this.#draw(layer, frame, null, {
      mirror: settings.mirror,
      // Five reads instead of one: cheap on a GPU only.
      sharp: scale > MAGNIFIED && !this.#context.isSoftware,
      opacity: layer.opacity * opacity,
      underlay: background === 'keep' ? 0 : layer.opacity * (1 - opacity),
    });
  }

  /** Takes one head out of a picture of the frame: what it covers becomes transparent. */
  cut(layer: PlacedLayer, frame: FrameTexture, target: GlTarget): void {
    this.#draw(layer, frame, target, {
      mirror: false,
      sharp: false,
      opacity: layer.opacity,
      underlay: 0,
    });
  }

  #draw(
    layer: PlacedLayer,
    frame: FrameTexture,
    target: GlTarget | null,
    uniforms: Record<'mirror' | 'sharp', boolean> & Record<'opacity' | 'underlay', number>,
  ): void {
    this.#context.draw({
      program: layerProgram,
      uniforms: {
        ...uniforms,
        picture: layer.picture,
        frame: frame.handle,
        frameFromCrop: toMat3(layer.frameFromCrop),
        frameSizePx: frame.frameSizePx,
      },
      target,
      vertices: 4,
      blend: target === null ? 'over' : 'cut',
    });
  }
}
