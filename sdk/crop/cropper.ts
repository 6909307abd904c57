import { FilterError } from '../errors';
import type { CropConvention } from '../assets/manifest';
import { readPose } from '../pose/read-pose';
import type { Affine, Face, FaceCrop, Frame } from '../types';
import { CropSmoother } from './crop-smoother';
import { eyesSquare } from './eyes-align';
import { cropFromFrameOf, ffhqSquare, type CropSquare } from './ffhq-align';

/** Settings of {@link createCropper}. */
export interface CropperOptions {
  /** Whether jitter is taken out of the crop over time. Default true; false for still pictures. */
  readonly smoothing?: boolean;
  /** Where the model wants faces cut out. Default FFHQ's square. */
  readonly convention?: CropConvention;
}

/** Decides where each face is cut out of its frame. Holds no resources beyond memory. */
export interface Cropper {
  /**
   * The crop of one face; in the convention `eyes` with its pose.
   * @throws FilterError `stage-failed` if the face's points give no square or pose, `unsupported` if the convention needs a pose and the face model gives none.
   */
  crop(face: Face, frame: Pick<Frame, 'timestampUs' | 'widthPx' | 'heightPx'>): FaceCrop;
  /** Switches smoothing on or off from the next frame. */
  setSmoothing(smoothing: boolean): void;
  /** Cuts for another model from the next frame. */
  setConvention(convention: CropConvention): void;
  /** Forgets the past of one face, or of all: after a cut, a change of size, a new source. */
  reset(faceId?: number): void;
}

/** Faces not seen for this long are forgotten, in microseconds. */
const FORGET_AFTER_US = 2_000_000;

function landmarksThrough(
  cropFromFrame: Affine,
  landmarks: Float32Array,
  widthPx: number,
  heightPx: number,
): Float32Array {
  const [m00, m01, m02, m10, m11, m12] = cropFromFrame;
  const count = Math.floor(landmarks.length / 3);
  const points = new Float32Array(count * 2);
  for (let i = 0; i < count; i++) {
    const x = (landmarks[i * 3] ?? 0) * widthPx;
    const y = (landmarks[i * 3 + 1] ?? 0) * heightPx;
    points[i * 2] = m00 * x + m01 * y + m02;
    points[i * 2 + 1] = m10 * x + m11 * y + m12;
  }
  return points;
}

function aim(face: Face, widthPx: number, heightPx: number, convention: CropConvention): { readonly raw: CropSquare; readonly pose?: Float32Array } {
  if (convention.convention === 'ffhq') return { raw: ffhqSquare(face.landmarks, widthPx, heightPx) };
  if (!face.matrix) {
    throw new FilterError('unsupported', "This style needs the pose of heads, which the face model does not give. Put MediaPipe's own face_landmarker.task into the asset folder.", { stage: 'crop', fatal: true });
  }
  const { head, pose } = readPose(face, face.matrix, widthPx, heightPx);
  return { raw: eyesSquare(head, convention), pose };
}

/** Makes a {@link Cropper}. */
export function createCropper(options: CropperOptions = {}): Cropper {
  const smoothers = new Map<number, { smoother: CropSmoother; seenUs: number }>();
  let smoothing = options.smoothing ?? true;
  let convention: CropConvention = options.convention ?? { convention: 'ffhq', scale: 1 };

  function smootherOf(faceId: number, timestampUs: number): CropSmoother {
    for (const [id, entry] of smoothers) {
      if (id !== faceId && Math.abs(timestampUs - entry.seenUs) > FORGET_AFTER_US) {
        smoothers.delete(id);
      }
    }
    const entry = smoothers.get(faceId) ?? { smoother: new CropSmoother(), seenUs: timestampUs };
    entry.seenUs = timestampUs;
    smoothers.set(faceId, entry);
    return entry.smoother;
  }

  return {
    crop(face, frame) {
      const { widthPx, heightPx, timestampUs } = frame;
      const { raw, pose: rawPose } = aim(face, widthPx, heightPx, convention);
      const numbers = [raw.sidePx, raw.centreXPx, raw.centreYPx, ...(rawPose ?? [])];
      if (!(raw.sidePx > 0 && numbers.every(Number.isFinite))) {
        throw new FilterError(
          'stage-failed',
          `The points of face ${String(face.id)} give no crop; drop this face for this frame.`,
          { stage: 'crop' },
        );
      }
      const smoother = smoothing ? smootherOf(face.id, timestampUs) : undefined;
      const square = smoother?.smooth(raw, timestampUs) ?? raw;
      const pose = rawPose && (smoother?.smoothPose(rawPose) ?? rawPose);
      const cropFromFrame = cropFromFrameOf(square);
      return {
        faceId: face.id,
        cropFromFrame,
        pose,
        landmarksCrop: landmarksThrough(cropFromFrame, face.landmarks, widthPx, heightPx),
      };
    },
    setSmoothing(next) {
      if (next !== smoothing) smoothers.clear();
      smoothing = next;
    },
    setConvention(next) {
      if (next.convention !== convention.convention) smoothers.clear();
      convention = next;
    },
    reset(faceId) {
      if (faceId === undefined) smoothers.clear();
      else smoothers.delete(faceId);
    },
  };
}
