import type { FaceLandmarkerResult } from '@mediapipe/tasks-vision';
import { FilterError } from '../errors';
import type { Face, Frame } from '../types';
import { chooseDelegate } from './choose-delegate';
import { FaceSelector, type Detection } from './face-selector';
import { loadFaceModel } from './load-face-model';
import { createLandmarker, type Landmarker, type TrackDelegate } from './landmarker';
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
  setOptions(options: { readonly maxFaces?: number }): Promise<void>;
  /** Forgets all faces (ids start anew): for a cut or a new source. A change of frame size does it by itself. */
  reset(): void;
  /** Frees everything. Idempotent. */
  close(): void;
}

const LANDMARK_COUNT = 478;

/** Loads the face model and MediaPipe's WASM and makes a {@link FaceTracker}. */
export async function createFaceTracker(options: FaceTrackerOptions): Promise<FaceTracker> {
  let maxFaces = checkedMaxFaces(options.maxFaces ?? 1);
  const wanted = options.delegate ?? 'auto';
  const [modelBytes, delegate] = await Promise.all([
    loadFaceModel(options),
    wanted === 'auto' ? chooseDelegate() : wanted,
  ]);
  const landmarker = await createLandmarker({
    wasmBase: options.wasmBase,
    modelBytes,
    delegate,
    numFaces: maxFaces,
  });
  const selector = new FaceSelector(maxFaces);
  const clock = new TrackerClock();
  let size = '';
  let closed = false;

  return {
    delegate: landmarker.delegate,
    detect(frame) {
      if (closed) throw closedError();
      const frameSize = `${String(frame.widthPx)}×${String(frame.heightPx)}`;
      if (frameSize !== size) selector.reset();
      size = frameSize;
      const timestampMs = clock.next(frame.timestampUs);
      const detections = detectWith(landmarker, frame, timestampMs);
      return selector.select(detections, frame.widthPx / frame.heightPx, timestampMs * 1000);
    },
    async setOptions(next) {
      if (closed) throw closedError();
      if (next.maxFaces === undefined || next.maxFaces === maxFaces) return;
      maxFaces = checkedMaxFaces(next.maxFaces);
      selector.setMaxFaces(maxFaces);
      await landmarker.landmarker.setOptions({ numFaces: maxFaces });
    },
    reset() {
      selector.reset();
    },
    close() {
      closed = true;
      landmarker.close();
    },
  };
}

function checkedMaxFaces(maxFaces: number): number {
  if (Number.isInteger(maxFaces) && maxFaces >= 1 && maxFaces <= 4) return maxFaces;
  throw new FilterError(
    'bad-option',
    `options.maxFaces must be a whole number from 1 to 4, but is ${String(maxFaces)}.`,
    { stage: 'options' },
  );
}

function closedError(): FilterError {
  return new FilterError('closed', 'The face tracker has been closed; make a new one.', {
    stage: 'track',
  });
}

function detectWith(
  { landmarker }: Landmarker,
  frame: Frame,
  timestampMs: number,
): readonly Detection[] {
  try {
    return detectionsOf(landmarker.detectForVideo(frame.image, timestampMs));
  } catch (cause) {
    throw new FilterError(
      'stage-failed',
      'The face tracker could not work on this frame; it goes through without faces.',
      { stage: 'track', cause },
    );
  }
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
