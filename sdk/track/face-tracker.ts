import type { FaceLandmarker, FaceLandmarkerResult } from '@mediapipe/tasks-vision';
import { FilterError } from '../errors';
import type { Face, Frame } from '../types';
import { chooseDelegate } from './choose-delegate';
import { hasBlendshapes } from './face-bundle';
import { createFaceScout, type FaceScout } from './face-scout';
import { FaceSelector, type Detection } from './face-selector';
import { loadFaceModel } from './load-face-model';
import { loadMediaPipe, type MediaPipeTask, type TrackDelegate } from './mediapipe';
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

const LANDMARK_COUNT = 478;
/** A point in the middle of the face. */
const NOSE_BRIDGE = 6;

/**
 * Loads the face model and MediaPipe's WASM and makes a {@link FaceTracker}.
 * @throws FilterError `asset-missing`, `asset-corrupt`, `aborted` or `bad-option`.
 */
export async function createFaceTracker(options: FaceTrackerOptions): Promise<FaceTracker> {
  const maxFaces = checkedMaxFaces(options.maxFaces ?? 1);
  const wanted = options.delegate ?? 'auto';
  const [bundle, mediaPipe, delegate] = await Promise.all([
    loadFaceModel(options),
    loadMediaPipe(options.wasmBase, options.signal),
    wanted === 'auto' ? chooseDelegate() : wanted,
  ]);
  const landmarker = await mediaPipe.createLandmarker(bundle, {
    delegate,
    numFaces: maxFaces,
    blendshapes: hasBlendshapes(bundle),
  });
  try {
    return new MediaPipeTracker(landmarker, await createFaceScout(mediaPipe, bundle), maxFaces);
  } catch (error) {
    landmarker.close();
    throw error;
  }
}

class MediaPipeTracker implements FaceTracker {
  readonly #landmarker: MediaPipeTask<FaceLandmarker>;
  readonly #scout: FaceScout | undefined;
  readonly #selector: FaceSelector;
  readonly #clock = new TrackerClock();
  #maxFaces: number;
  /** How many faces the landmarker follows; more than `#maxFaces` while another competes for the one place. */
  #following: number;
  #frameSize = '';
  #mustRestart = false;
  #closed = false;

  constructor(landmarker: MediaPipeTask<FaceLandmarker>, scout: FaceScout | undefined, maxFaces: number) {
    this.#landmarker = landmarker;
    this.#scout = scout;
    this.#selector = new FaceSelector(maxFaces);
    this.#maxFaces = maxFaces;
    this.#following = maxFaces;
  }

  get delegate(): TrackDelegate {
    return this.#landmarker.delegate;
  }

  detect(frame: Frame): readonly Face[] {
    this.#assertOpen();
    const frameSize = `${frame.widthPx}×${frame.heightPx}`;
    if (this.#frameSize !== '' && frameSize !== this.#frameSize) this.reset();
    this.#frameSize = frameSize;
    try {
      return this.#detect(frame);
    } catch (cause) {
      // MediaPipe refuses every frame that follows one it failed on.
      this.#mustRestart = true;
      throw new FilterError(
        'stage-failed',
        'The face tracker could not work on this frame; it goes through without faces.',
        { stage: 'track', cause },
      );
    }
  }

  #detect(frame: Frame): readonly Face[] {
    if (this.#mustRestart) this.#restart();
    const timestampMs = this.#clock.next(frame.timestampUs);
    const found = detectionsOf(this.#landmarker.task.detectForVideo(frame.image, timestampMs));
    const faces = this.#selector.select(found, frame.widthPx / frame.heightPx, timestampMs * 1000);
    if (this.#maxFaces === 1) this.#scoutAround(frame, timestampMs, faces[0]);
    return faces;
  }

  #scoutAround(frame: Frame, timestampMs: number, chosen: Face | undefined): void {
    if (this.#scout === undefined) return;
    const followed = chosen && {
      xPx: (chosen.landmarks[NOSE_BRIDGE * 3] ?? 0) * frame.widthPx,
      yPx: (chosen.landmarks[NOSE_BRIDGE * 3 + 1] ?? 0) * frame.heightPx,
    };
    const advised = this.#scout.advise(frame, timestampMs, this.#following, followed);
    if (advised !== this.#following) {
      this.#following = advised;
      this.#mustRestart = true;
    }
  }

  /** Begins the landmarker's graph anew, with as many faces as are followed now. Some 15–40 ms, without reading the model again. */
  #restart(): void {
    const begin = (): void => {
      // Done when it returns, as no model is loaded; the promise is resolved already.
      void this.#landmarker.task.setOptions({ numFaces: this.#following });
    };
    try {
      begin();
    } catch {
      // Closing a graph that failed throws its failure once more, and only once.
      begin();
    }
    this.#mustRestart = false;
  }

  setOptions({ maxFaces }: FaceTrackerSettings): void {
    this.#assertOpen();
    if (maxFaces === undefined || maxFaces === this.#maxFaces) return;
    this.#maxFaces = checkedMaxFaces(maxFaces);
    this.#selector.setMaxFaces(maxFaces);
    // From several down to one the landmarker keeps following all, or it might drop the chosen one; the scout ends that.
    if (maxFaces === 1) return;
    this.#following = maxFaces;
    this.#mustRestart = true;
  }

  reset(): void {
    this.#assertOpen();
    this.#selector.reset();
    this.#following = this.#maxFaces;
    this.#mustRestart = true;
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#scout?.close();
    this.#landmarker.close();
  }

  #assertOpen(): void {
    if (this.#closed) {
      throw new FilterError('closed', 'The face tracker has been closed; make a new one.', { stage: 'track' });
    }
  }
}

function checkedMaxFaces(maxFaces: number): number {
  if (Number.isInteger(maxFaces) && maxFaces >= 1 && maxFaces <= 4) return maxFaces;
  throw new FilterError(
    'bad-option',
    `options.maxFaces must be a whole number from 1 to 4, but is ${String(maxFaces)}.`,
    { stage: 'options' },
  );
}

function detectionsOf(result: FaceLandmarkerResult): readonly Detection[] {
  return result.faceLandmarks.map((points, face) => {
    const landmarks = new Float32Array(LANDMARK_COUNT * 3);
    points.slice(0, LANDMARK_COUNT).forEach(({ x, y, z }, i) => landmarks.set([x, y, z], i * 3));
    const categories = result.faceBlendshapes[face]?.categories ?? [];
    const blendshapes = new Map(categories.map(({ categoryName, score }) => [categoryName, score]));
    return { landmarks, blendshapes };
  });
}
