import { growProgram, revealProgram, shrinkProgram } from './blur-pass.glsl';
import type { ResolvedCompositeSettings } from './composite-settings';
import type { FrameTexture } from './frame-texture';
import type { GlContext } from './gl-context';
import type { GlTarget } from './gl-texture';
import type { LayerPass, PlacedLayer } from './layer-pass';

/** Standard deviation in frame pixels that one level of the pyramid gives; each further level doubles it. */
const SIGMA_PX_PER_LEVEL = 0.95;
const MIN_LEVELS = 2;
const MAX_LEVELS = 7;

/** Draws the frame blurred. The heads are taken out first, so that their colours make no halo around them. */
export class BlurPass {
  readonly #context: GlContext;
  readonly #levels: GlTarget[] = [];

  constructor(context: GlContext) {
    this.#context = context;
  }

  /** Draws the blurred frame over the whole canvas; levels stand as the canvas does, row 0 at the bottom. */
  draw(
    frame: FrameTexture,
    layers: readonly PlacedLayer[],
    layerPass: LayerPass,
    settings: ResolvedCompositeSettings,
  ): void {
    const [widthPx, heightPx] = frame.frameSizePx;
    const octaves = Math.log2((settings.blurSigma * heightPx) / SIGMA_PX_PER_LEVEL);
    const count = Math.min(MAX_LEVELS, Math.max(MIN_LEVELS, Math.ceil(octaves)));
    const spread = Math.min(1, 2 ** (octaves - count));
    for (let level = 0; level < count; level++) {
      const target = this.#level(level, widthPx, heightPx);
      this.#run(shrinkProgram, level === 0 ? frame : this.#levels[level - 1]!, target, spread, level === 0);
      if (level === 0) for (const layer of layers) layerPass.cut(layer, frame, target);
    }
    for (let level = count - 2; level >= 0; level--) {
      this.#run(growProgram, this.#levels[level + 1]!, this.#levels[level]!, spread, false);
    }
    this.#context.draw({
      program: revealProgram,
      uniforms: {
        blurred: this.#levels[0]!.handle,
        frameSizePx: frame.frameSizePx,
        mirror: settings.mirror,
      },
      target: null,
    });
  }

  #level(level: number, widthPx: number, heightPx: number): GlTarget {
    const width = Math.max(1, Math.ceil(widthPx / 2 ** (level + 1)));
    const height = Math.max(1, Math.ceil(heightPx / 2 ** (level + 1)));
    const target = (this.#levels[level] ??= this.#context.target({
      widthPx: width,
      heightPx: height,
    }));
    target.resize(width, height);
    return target;
  }

  #run(
    program: typeof growProgram,
    source: { readonly handle: WebGLTexture },
    target: GlTarget,
    spread: number,
    flip: boolean,
  ): void {
    this.#context.draw({
      program,
      uniforms: {
        source: source.handle,
        targetSizePx: [target.widthPx, target.heightPx],
        spread,
        flip,
      },
      target,
    });
  }
}
