import { FilterError } from '../errors';
import type { Face, Frame } from '../types';
import { chooseDelegate } from './choose-delegate';
import { hasBlendshapes, hasGeometry } from './face-bundle';
import { createFaceScout, MOST_FACES, type FaceScout } from './face-scout';
import { FaceSelector } from './face-selector';
import { Landmarker } from './landmarker';
import { loadFaceModel } from './load-face-model';
import { loadMediaPipe, type TrackDelegate, type TrackMode } from './mediapipe';
import { TrackerClock } from './tracker-clock';

/** What {@link createFaceTracker} needs. */
export interface FaceTrackerOptions {
  /** Folder of MediaPipe's `vision_wasm_module_internal.{js,wasm}`, as an absolute URL. */
  readonly wasmBase: string;
  /** Address of the face landmarker bundle (`.task`). Not read where `modelBytes` is given. */
  readonly modelUrl?: string;
  /** The bundle itself. One of `modelUrl` and `modelBytes` must be given. */
  readonly modelBytes?: Uint8Array;
  /** Faces followed at once, 1…4. Default 1. */
  readonly maxFaces?: number;
  /** Default `video`. In `still` each frame stands alone: ids and places are not kept from one to the next. */
  readonly mode?: TrackMode;
  /** Default `auto`: `gpu` where a real GPU is found, else `cpu`. */
  readonly delegate?: TrackDelegate | 'auto';
  /** Stops the loading of the model. */
  readonly signal?: AbortSignal;
}

/** Settings of a {@link FaceTracker} that may change. */
export interface FaceTrackerSettings {
  /** Faces followed at once, 1…4. */
  readonly maxFaces?: number;
}

/** Finds and follows faces. Owns the landmarker, its WASM heap and its WebGL context. */
export interface FaceTracker {
  /** Where MediaPipe's networks run. */
  readonly delegate: TrackDelegate;
  /**
   * Faces in this frame, most relevant (largest) first, at most `maxFaces`; ids are stable, and a
   * chosen face stays chosen while it is there, unless another has been clearly larger for half a second.
   * Synchronous; takes the frame only for the duration of the call.
   * @throws FilterError `stage-failed` if MediaPipe fails on this frame, `closed` after {@link close}.
   */
  detect(frame: Frame): readonly Face[];
  /** Changes settings from the next frame on; undefined leaves a setting as it is. */
  setOptions(options: FaceTrackerSettings): void;
  /** Forgets all faces (ids start anew): for a cut or a new source. A change of frame size does it by itself. */
  reset(): void;
  /** Frees everything. Idempotent. */
  close(): void;
}

/** A point in the middle of the face. */
const NOSE_BRIDGE = 6;

/**
 * Loads the face model and MediaPipe's WASM and makes a {@link FaceTracker}.
 * @throws FilterError `asset-missing`, `asset-corrupt`, `aborted` or `bad-option`.
 */
export async function createFaceTracker(options: FaceTrackerOptions): Promise<FaceTracker> {
  const maxFaces = checkedMaxFaces(options.maxFaces ?? 1);
  const { mode = 'video', delegate: wanted = 'auto' } = options;
  const [bundle, mediaPipe, delegate] = await Promise.all([
    loadFaceModel(options),
    loadMediaPipe(options.wasmBase, options.signal),
    wanted === 'auto' ? chooseDelegate() : wanted,
  ]);
  // A picture is looked at once: all its faces must be known before some are chosen.
  const numFaces = mode === 'still' ? MOST_FACES : maxFaces;
  const task = await mediaPipe.createLandmarker(bundle, { delegate, mode, numFaces, blendshapes: hasBlendshapes(bundle), matrices: hasGeometry(bundle) });
  const landmarker = new Landmarker(task, mode, numFaces);
  try {
    if (mode === 'still') return new StillTracker(landmarker, maxFaces);
    return new VideoTracker(landmarker, await createFaceScout(mediaPipe, bundle), maxFaces);
  } catch (error) {
    landmarker.close();
    throw error;
  }
}

abstract class Tracker implements FaceTracker {
  protected readonly selector: FaceSelector;
  #closed = false;

  constructor(
    protected readonly landmarker: Landmarker,
    protected maxFaces: number,
  ) {
    this.selector = new FaceSelector(maxFaces);
  }

  get delegate(): TrackDelegate {
    return this.landmarker.delegate;
  }

  abstract detect(frame: Frame): readonly Face[];

  setOptions({ maxFaces }: FaceTrackerSettings): void {
    this.assertOpen();
    if (maxFaces === undefined) return;
    this.maxFaces = checkedMaxFaces(maxFaces);
    this.selector.setMaxFaces(maxFaces);
  }

  reset(): void {
    this.assertOpen();
    this.selector.reset();
    this.landmarker.restart();
  }

  close(): void {
    this.#closed = true;
    this.landmarker.close();
  }

  protected assertOpen(): void {
    if (this.#closed) {
      throw new FilterError('closed', 'The face tracker has been closed; make a new one.', { stage: 'track' });
    }
  }
}

class StillTracker extends Tracker {
  detect(frame: Frame): readonly Face[] {
    this.assertOpen();
    const found = this.landmarker.detect(frame, 0);
    this.selector.reset();
    return this.selector.select(found, frame.widthPx / frame.heightPx, 0);
  }
}

class VideoTracker extends Tracker {
  readonly #scout: FaceScout | undefined;
  readonly #clock = new TrackerClock();
  #frameSize = '';

  constructor(landmarker: Landmarker, scout: FaceScout | undefined, maxFaces: number) {
    super(landmarker, maxFaces);
    this.#scout = scout;
  }

  detect(frame: Frame): readonly Face[] {
    this.assertOpen();
    const frameSize = `${frame.widthPx}×${frame.heightPx}`;
    if (this.#frameSize !== '' && frameSize !== this.#frameSize) this.reset();
    this.#frameSize = frameSize;
    const timestampMs = this.#clock.next(frame.timestampUs);
    const found = this.landmarker.detect(frame, timestampMs);
    const faces = this.selector.select(found, frame.widthPx / frame.heightPx, timestampMs * 1000);
    if (this.maxFaces === 1) this.#scoutAround(frame, timestampMs, faces[0]);
    return faces;
  }

  override setOptions(settings: FaceTrackerSettings): void {
    super.setOptions(settings);
    // Down to one, the landmarker goes on with all until the scout ends it: by itself it might drop the chosen one.
    if (this.maxFaces > 1) this.landmarker.setNumFaces(this.maxFaces);
  }

  override reset(): void {
    super.reset();
    this.landmarker.setNumFaces(this.maxFaces);
  }

  override close(): void {
    super.close();
    this.#scout?.close();
  }

  #scoutAround(frame: Frame, timestampMs: number, chosen: Face | undefined): void {
    if (this.#scout === undefined || chosen === undefined) return;
    const { landmarks } = chosen;
    const followed = {
      xPx: (landmarks[NOSE_BRIDGE * 3] ?? 0) * frame.widthPx,
      yPx: (landmarks[NOSE_BRIDGE * 3 + 1] ?? 0) * frame.heightPx,
    };
    this.landmarker.setNumFaces(this.#scout.advise(frame, timestampMs, this.landmarker.numFaces, followed));
  }
}

function checkedMaxFaces(maxFaces: number): number {
  if (Number.isInteger(maxFaces) && maxFaces >= 1 && maxFaces <= MOST_FACES) return maxFaces;
  throw new FilterError('bad-option', `options.maxFaces must be a whole number from 1 to ${MOST_FACES}, but is ${maxFaces}.`, {
    stage: 'options',
  });
}
