import { matteBounds, type Bounds } from '../composite/bounds';
import type { GlContext } from '../composite/gl-context';
import type { GlTarget } from '../composite/gl-texture';
import { FilterError } from '../errors';
import { multiplyAffine } from '../affine';
import type { Affine, SmoothedCrop, StyledCrop } from '../types';
import { isCut, type FaceMoment } from './cut-detector';
import { IDENTITY, largestShift, movementBetween } from './face-movement';
import {
  newShareFor,
  resolveTemporalOptions,
  type TemporalFilterOptions,
} from './temporal-options';
import { TemporalPass } from './temporal-pass';

/** Takes flicker out of the styled pictures of each face, and fades faces in and out. */
export interface TemporalFilter {
  /**
   * Blends a styled crop with the face's previous result, moved to where the face is now. Starts afresh after a cut.
   * The result holds until the same face's next turn.
   * @throws FilterError `context-lost` or `closed`.
   */
  apply(styled: StyledCrop): SmoothedCrop;
  /**
   * The last pictures of faces that are no longer there, fading out. Call it once a frame, also when there is no face.
   * @param presentIds ids of the faces that `apply` got in this frame.
   * @param timestampUs capture time of the frame in microseconds.
   */
  fadeOut(presentIds: readonly number[], timestampUs: number): readonly SmoothedCrop[];
  /** Replaces the options; what is left out or `undefined` becomes the default. */
  setOptions(options: TemporalFilterOptions): void;
  /** Keeps the pictures so far out of those to come, but not the fades: after a change of style. */
  restart(): void;
  /** Forgets one face, or all: after a new source. */
  reset(faceId?: number): void;
  /** Frees the history. Idempotent. */
  close(): void;
}

/** What is kept of one face. */
interface History {
  readonly targets: readonly [GlTarget, GlTarget];
  /** Which of the two holds the last result. */
  current: 0 | 1;
  /** Place in the last crop → place in the last result, where these still differ by less than a texel. */
  historyFromCrop: Affine;
  /** Where the last result's matte lies. */
  bounds: Bounds;
  /** The last result's moment; undefined when there is none. */
  moment: FaceMoment | undefined;
  /** Whether the last result is of another style, so that nothing may be blended with it. */
  isOld: boolean;
  /** The context's epoch in which it was drawn: a lost context loses it. */
  epoch: number;
  opacity: number;
  /** When the opacity was last changed. */
  timestampUs: number;
}

/**
 * Makes a temporal filter and compiles its shader.
 * @param context the compositor's, for the results are its textures.
 * @throws FilterError `unsupported` if the driver refuses the shader.
 */
export function createTemporalFilter(
  context: GlContext,
  options: TemporalFilterOptions = {},
): TemporalFilter {
  const pass = new TemporalPass(context);
  const faces = new Map<number, History>();
  let settings = resolveTemporalOptions(options);
  let closed = false;

  function historyOf({ crop, sizePx, timestampUs }: StyledCrop): History {
    const known = faces.get(crop.faceId);
    if (known !== undefined && known.targets[0].widthPx === sizePx) return known;
    const spec = { widthPx: sizePx, heightPx: sizePx };
    const made: History = {
      targets: [context.target(spec), context.target(spec)],
      current: 0,
      historyFromCrop: IDENTITY,
      bounds: [0, 0, 0, 0],
      moment: undefined,
      isOld: false,
      epoch: context.epoch,
      opacity: known?.opacity ?? 0,
      timestampUs: known?.timestampUs ?? timestampUs - FIRST_STEP_US,
    };
    known?.targets.forEach((target) => target.close());
    faces.set(crop.faceId, made);
    return made;
  }

  function draw(styled: StyledCrop, history: History): void {
    const { moment, current } = history;
    const next = current === 0 ? 1 : 0;
    const target = history.targets[next];
    const movement = moment && movementBetween(moment.crop, styled.crop);
    const isFresh =
      moment === undefined ||
      movement === undefined ||
      history.isOld ||
      settings.strength === 0 ||
      history.epoch !== context.epoch ||
      isCut(moment, styled, movement);
    const bounds = matteBounds(styled.rgba, styled.sizePx);
    if (isFresh) {
      pass.replace(styled.rgba, target);
      history.historyFromCrop = IDENTITY;
    } else {
      const share = newShareFor(settings.strength, movement.shift);
      const moved = multiplyAffine(history.historyFromCrop, movement.previousFromCurrent);
      // Each resampling softens the picture a little; so the smallest movements wait until they add up.
      const isDue = largestShift(moved) > RESAMPLE_TEXELS / styled.sizePx;
      history.historyFromCrop = isDue ? IDENTITY : moved;
      pass.blend(styled.rgba, history.targets[current], target, bounds, isDue ? moved : null, share);
    }
    history.bounds = bounds;
    history.current = next;
    history.epoch = context.epoch;
    history.moment = { crop: styled.crop, timestampUs: styled.timestampUs };
    history.isOld = false;
  }

  function forget(faceId: number): void {
    faces.get(faceId)?.targets.forEach((target) => target.close());
    faces.delete(faceId);
  }

  /** Moves a face's opacity towards 0 or 1 and gives the picture to be shown. */
  function show(history: History, timestampUs: number, durationMs: number, end: 0 | 1): number {
    const elapsedMs = Math.max(0, timestampUs - history.timestampUs) / 1000;
    const step = durationMs === 0 ? 1 : elapsedMs / durationMs;
    history.timestampUs = timestampUs;
    history.opacity =
      end === 1 ? Math.min(1, history.opacity + step) : Math.max(0, history.opacity - step);
    return history.opacity;
  }

  return {
    apply(styled) {
      if (closed) {
        throw new FilterError('closed', 'The temporal filter was used after close().', {
          stage: 'smooth',
        });
      }
      context.assertUsable();
      const history = historyOf(styled);
      draw(styled, history);
      const { crop, sizePx, timestampUs } = styled;
      const opacity = show(history, timestampUs, settings.fadeInMs, 1);
      const { bounds, current } = history;
      return { crop, sizePx, opacity, bounds, texture: history.targets[current].handle };
    },
    fadeOut(presentIds, timestampUs) {
      const fading: SmoothedCrop[] = [];
      for (const [faceId, history] of faces) {
        if (presentIds.includes(faceId)) continue;
        const { moment, targets, current } = history;
        const opacity = show(history, timestampUs, settings.fadeOutMs, 0);
        const target = targets[current];
        if (opacity === 0 || moment === undefined || history.epoch !== context.epoch) {
          forget(faceId);
          continue;
        }
        fading.push({
          crop: moment.crop,
          sizePx: target.widthPx,
          opacity,
          bounds: history.bounds,
          texture: target.handle,
        });
      }
      return fading;
    },
    setOptions(next) {
      settings = resolveTemporalOptions(next);
    },
    restart() {
      for (const history of faces.values()) history.isOld = true;
    },
    reset(faceId) {
      for (const id of faceId === undefined ? [...faces.keys()] : [faceId]) forget(id);
    },
    close() {
      if (closed) return;
      closed = true;
      for (const id of [...faces.keys()]) forget(id);
      pass.close();
    },
  };
}

/** Movement in texels from which history is moved. */
const RESAMPLE_TEXELS = 0.2;

/** What a face's first frame counts in its fade: a frame at 30 per second. */
const FIRST_STEP_US = 33_333;
