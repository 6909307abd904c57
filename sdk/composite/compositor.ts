import type { FilterError } from '../errors';
import type { FaceCrop, Frame, SmoothedCrop } from '../types';
import { invertAffine } from '../affine';
import { BlurPass } from './blur-pass';
import { ColorMatchPass } from './color-match-pass';
import {
  resolveCompositeSettings,
  type CompositeSettings,
  type ResolvedCompositeSettings,
} from './composite-settings';
import { FramePass } from './frame-pass';
import { createGlContext, type GlContext } from './gl-context';
import { HeldPicture } from './held-picture';
import { LayerPass, type PlacedLayer } from './layer-pass';
import { MattePass } from './matte-pass';
import { StyleTransition, type LeavingHead } from './style-transition';

/** Settings of {@link createCompositor}. */
export interface CompositorOptions {
  /** Takes the size of each frame. Must have no context yet. */
  readonly canvas: OffscreenCanvas | HTMLCanvasElement;
  /** Whether the canvas can still be read after it was shown. Default false. */
  readonly preserveDrawingBuffer?: boolean;
  /** Called when the browser takes the context away; until it is back, drawing throws `context-lost`. */
  readonly onContextLost?: (error: FilterError) => void;
  /** Called when the context is back; the next frame draws as before. */
  readonly onContextRestored?: () => void;
}

/** Puts styled heads back into their frames. Premultiplied RGBA on a canvas of the frame's size. */
export interface Compositor {
  readonly canvas: OffscreenCanvas | HTMLCanvasElement;
  /** Owner of every WebGL object; the temporal filter works in it too. */
  readonly gl: GlContext;
  /**
   * Draws one picture: the frame, and each layer where its crop was. Later layers lie over earlier ones.
   * Outside the mattes the frame's pixels come out unchanged (background `keep`).
   * The frame must stay open, and one picture be composed at a time, until the promise settles;
   * the canvas can be read in the same task in which it does.
   * @throws FilterError `context-lost`, `closed`, or `unsupported` if the driver refuses a shader.
   */
  compose(
    frame: Frame,
    layers: readonly SmoothedCrop[],
    settings?: CompositeSettings,
  ): Promise<void>;
  /**
   * The coming pictures show another style: fades the heads of the last picture, as they look there, out of those that
   * follow, for so many milliseconds of the frames' own clock. A transition under way goes on from its present mixture.
   * 0 ends one.
   */
  beginTransition(durationMs: number): void;
  /** Whether the last picture held something of an earlier style. */
  readonly inTransition: boolean;
  /** Forgets the heads of the last picture and any transition: after a change of source or size. */
  forget(): void;
  /**
   * Shows the last picture composed with `retain` again.
   * @returns false, drawing nothing, if there is none.
   * @throws FilterError `context-lost` or `closed`.
   */
  hold(): boolean;
  /**
   * Draws a card of one colour instead of a picture: red, green, blue, each 0…1, default mid grey.
   * @throws FilterError `context-lost` or `closed`.
   */
  drawCard(widthPx: number, heightPx: number, color?: readonly [number, number, number]): void;
  /** Frees everything, the context included; the canvas keeps its last size. Idempotent. */
  close(): void;
}

/**
 * Makes a compositor and compiles its shaders.
 * @throws FilterError `unsupported` if there is no WebGL2 or the driver refuses a shader.
 */
export function createCompositor(options: CompositorOptions): Compositor {
  const { canvas, preserveDrawingBuffer = false, onContextLost, onContextRestored } = options;
  const gl = createGlContext({
    canvas,
    preserveDrawingBuffer,
    ...(onContextLost && { onLost: onContextLost }),
    ...(onContextRestored && { onRestored: onContextRestored }),
  });
  const framePass = new FramePass(gl);
  const mattePass = new MattePass(gl);
  const layerPass = new LayerPass(gl);
  const colorMatchPass = new ColorMatchPass(gl);
  const blurPass = new BlurPass(gl);
  const held = new HeldPicture(gl);
  const transition = new StyleTransition(gl);
  let last: DrawnPicture = NOTHING_DRAWN;
  try {
    framePass.compile();
    mattePass.compile();
    layerPass.compile();
  } catch (error) {
    gl.close();
    throw error;
  }

  function place(
    layers: readonly SmoothedCrop[],
    settings: ResolvedCompositeSettings,
    timestampUs: number,
  ): DrawnLayer[] {
    colorMatchPass.keepOnly(layers);
    transition.advance(timestampUs);
    return layers
      .filter((layer) => layer.opacity > 0)
      .map((layer, index) => {
        const frameFromCrop = invertAffine(layer.crop.cropFromFrame);
        const colors =
          settings.colorMatch > 0
            ? colorMatchPass.solve(layer, frameFromCrop, framePass.texture)
            : null;
        const cutout = mattePass.prepare(index, layer, colors, settings, frameFromCrop);
        const { crop, opacity, sizePx } = layer;
        return { ...cutout, crop, frameFromCrop, opacity, sizePx, past: transition.pastOf(crop, timestampUs) };
      });
  }

  /** A head of the last picture for itself, mixed with what it held of an earlier style. */
  function takeOut(layer: DrawnLayer, index: number): LeavingHead[] {
    const picture = mattePass.release(index);
    if (picture === undefined) return [];
    const { crop, bounds, sizePx, past } = layer;
    if (past === null) return [{ crop, bounds, picture }];
    const mixture = gl.target({ widthPx: sizePx, heightPx: sizePx });
    layerPass.merge(layer, framePass.texture, mixture);
    picture.close();
    return [{ crop, bounds: [0, 0, 1, 1], picture: mixture }];
  }

  return {
    canvas,
    gl,
    async compose(frame, layers, settings = {}) {
      gl.assertUsable();
      const resolved = resolveCompositeSettings(settings);
      if (needsFrame(resolved)) await framePass.upload(frame);
      else framePass.skip(frame);
      setSize(canvas, frame.widthPx, frame.heightPx);
      const placed = place(layers, resolved, frame.timestampUs);
      if (resolved.background === 'transparent') clear(gl, [0, 0, 0, 0]);
      else if (resolved.background === 'keep') framePass.draw(resolved.mirror);
      else blurPass.draw(framePass.texture, placed, layerPass, resolved);
      for (const layer of placed) layerPass.draw(layer, framePass.texture, resolved);
      last = { layers: placed, timestampUs: frame.timestampUs, epoch: gl.epoch };
      if (resolved.retain) held.take();
      else held.drop();
    },
    beginTransition(durationMs) {
      // The running colour match knows the old style's colours.
      colorMatchPass.keepOnly([]);
      if (durationMs === 0) transition.end();
      else if (last.epoch === gl.epoch) transition.begin(last.layers.flatMap(takeOut), last.timestampUs, durationMs);
      last = NOTHING_DRAWN;
    },
    get inTransition() {
      return transition.active;
    },
    forget() {
      last = NOTHING_DRAWN;
      transition.end();
    },
    hold() {
      gl.assertUsable();
      if (!held.available) return false;
      setSize(canvas, held.widthPx, held.heightPx);
      held.show();
      return true;
    },
    drawCard(widthPx, heightPx, [red, green, blue] = [0.5, 0.5, 0.5]) {
      gl.assertUsable();
      setSize(canvas, widthPx, heightPx);
      clear(gl, [red, green, blue, 1]);
    },
    close() {
      gl.close();
    },
  };
}

/** A head as it was drawn. */
interface DrawnLayer extends PlacedLayer {
  readonly crop: FaceCrop;
}

/** What the last picture was made of. */
interface DrawnPicture {
  readonly layers: readonly DrawnLayer[];
  readonly timestampUs: number;
  readonly epoch: number;
}

const NOTHING_DRAWN: DrawnPicture = { layers: [], timestampUs: 0, epoch: -1 };

/** Whether any pixel of the frame itself is looked at. */
function needsFrame({ background, opacity, colorMatch }: ResolvedCompositeSettings): boolean {
  return background !== 'transparent' || opacity < 1 || colorMatch > 0;
}

function setSize(canvas: OffscreenCanvas | HTMLCanvasElement, widthPx: number, heightPx: number): void {
  // Setting the size clears the canvas and makes new buffers, even if it is the same.
  if (canvas.width !== widthPx) canvas.width = widthPx;
  if (canvas.height !== heightPx) canvas.height = heightPx;
}

function clear({ gl }: GlContext, [red, green, blue, alpha]: [number, number, number, number]): void {
  gl.bindFramebuffer(gl.FRAMEBUFFER, null);
  gl.clearColor(red, green, blue, alpha);
  gl.clear(gl.COLOR_BUFFER_BIT);
}
