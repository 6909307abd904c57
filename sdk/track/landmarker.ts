import type { FaceLandmarker, FaceLandmarkerResult } from '@mediapipe/tasks-vision';
import { FilterError } from '../errors';
import type { Frame } from '../types';
import type { Detection } from './face-selector';
import type { MediaPipeTask, TrackDelegate, TrackMode } from './mediapipe';

const LANDMARK_COUNT = 478;

/** MediaPipe's landmarker with what it takes to begin anew: after a failure, a cut, or for another number of faces. */
export class Landmarker {
  readonly #task: MediaPipeTask<FaceLandmarker>;
  readonly #mode: TrackMode;
  #numFaces: number;
  #mustRestart = false;

  /** Takes the task over: {@link close} closes it. */
  constructor(task: MediaPipeTask<FaceLandmarker>, mode: TrackMode, numFaces: number) {
    this.#task = task;
    this.#mode = mode;
    this.#numFaces = numFaces;
  }

  /** Where MediaPipe's networks run. */
  get delegate(): TrackDelegate {
    return this.#task.delegate;
  }

  /** How many faces it follows. */
  get numFaces(): number {
    return this.#numFaces;
  }

  /** Changes how many faces it follows, from the next frame on. */
  setNumFaces(numFaces: number): void {
    if (numFaces === this.#numFaces) return;
    this.#numFaces = numFaces;
    this.#mustRestart = true;
  }

  /** Forgets where faces were. */
  restart(): void {
    this.#mustRestart = this.#mode === 'video';
  }

  /**
   * All faces of a frame.
   * @param frame Borrowed for the call.
   * @param timestampMs Greater than before.
   * @throws FilterError `stage-failed`; the next frame is tried afresh.
   */
  detect(frame: Frame, timestampMs: number): readonly Detection[] {
    try {
      if (this.#mustRestart) this.#beginAnew();
      const { task } = this.#task;
      return detectionsOf(this.#mode === 'video' ? task.detectForVideo(frame.image, timestampMs) : task.detect(frame.image));
    } catch (cause) {
      // MediaPipe refuses every frame that follows one it failed on.
      this.#mustRestart = true;
      throw new FilterError('stage-failed', 'The face tracker could not work on this frame; it goes through without faces.', {
        stage: 'track',
        cause,
      });
    }
  }

  /** Frees everything. Idempotent. */
  close(): void {
    this.#task.close();
  }

  /** A new graph on the model already read: some 15–40 ms. */
  #beginAnew(): void {
    const begin = (): void => {
      // Done when it returns, as no model is loaded; the promise is resolved already.
      void this.#task.task.setOptions({ numFaces: this.#numFaces });
    };
    try {
      begin();
    } catch {
      // Closing a graph that failed throws its failure once more, and only once.
      begin();
    }
    this.#mustRestart = false;
  }
}

function detectionsOf(result: FaceLandmarkerResult): readonly Detection[] {
  return result.faceLandmarks.map((points, face) => {
    const landmarks = new Float32Array(LANDMARK_COUNT * 3);
    points.slice(0, LANDMARK_COUNT).forEach(({ x, y, z }, i) => landmarks.set([x, y, z], i * 3));
    const categories = result.faceBlendshapes[face]?.categories ?? [];
    const blendshapes = new Map(categories.map(({ categoryName, score }) => [categoryName, score]));
    const matrix = result.facialTransformationMatrixes[face];
    return { landmarks, blendshapes, matrix: matrix && Float32Array.from(matrix.data) };
  });
}
