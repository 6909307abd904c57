import type { BoundingBox } from '@mediapipe/tasks-vision';
import type { Frame } from '../types';
import { detectorOf } from './face-bundle';
import type { MediaPipe } from './mediapipe';

/** How often it looks, in milliseconds: its cost is spread over some fifteen frames. */
const LOOK_EVERY_MS = 500;
/** Another face this many times larger (in linear size) than the followed one is worth following too. */
const WORTH_BY = 1.2;
/** Most faces that are followed at once. */
export const MOST_FACES = 4;

/** A place in the frame, in pixels. */
interface Place {
  readonly xPx: number;
  readonly yPx: number;
}

/** A face as a square around a point, in pixels. */
interface SeenFace extends Place {
  readonly sizePx: number;
}

/**
 * Watches over a landmarker that follows one face. Such a one sees no other until it loses its own,
 * and one that is told to follow several runs its detector on every frame: too dear for the common
 * case of a single face. So the scout looks with the detector twice a second and says how many
 * faces the landmarker should follow.
 */
export interface FaceScout {
  /**
   * How many faces to follow from now on: 1…4.
   * @param frame Borrowed for the call.
   * @param timestampMs Its time, greater than before.
   * @param following How many are being followed now.
   * @param followed Middle of the chosen face.
   */
  advise(frame: Frame, timestampMs: number, following: number, followed: Place): number;
  /** Frees the detector. Idempotent. */
  close(): void;
}

/** Makes a scout from the bundle's own detector; undefined if the bundle has none that can be used alone. */
export async function createFaceScout(mediaPipe: MediaPipe, bundle: Uint8Array): Promise<FaceScout | undefined> {
  const model = detectorOf(bundle);
  if (model === undefined) return undefined;
  const detector = await mediaPipe.createDetector(model);
  let nextLookMs = 0;

  return {
    advise(frame, timestampMs, following, followed) {
      if (timestampMs < nextLookMs) return following;
      nextLookMs = timestampMs + LOOK_EVERY_MS;
      const { detections } = detector.task.detectForVideo(frame.image, timestampMs);
      const seen = detections.flatMap(({ boundingBox }) => (boundingBox ? [seenFace(boundingBox)] : []));
      return faceCountFor(seen, following, followed);
    },
    close: () => detector.close(),
  };
}

function seenFace({ originX, originY, width, height }: BoundingBox): SeenFace {
  return { xPx: originX + width / 2, yPx: originY + height / 2, sizePx: Math.sqrt(width * height) };
}

/**
 * How many faces to follow, from those seen: several once another is clearly larger than the followed
 * one, and then for as long as there are several, because a landmarker for one face takes the one
 * it finds most certain, not the one that was chosen.
 */
export function faceCountFor(seen: readonly SeenFace[], following: number, followed: Place): number {
  if (seen.length < 2) return 1;
  const several = Math.min(seen.length, MOST_FACES);
  if (following > 1) return several;
  const distance = (face: SeenFace): number => Math.hypot(face.xPx - followed.xPx, face.yPx - followed.yPx);
  const [own, ...others] = [...seen].sort((a, b) => distance(a) - distance(b));
  return others.some(({ sizePx }) => sizePx > WORTH_BY * (own?.sizePx ?? Infinity)) ? several : 1;
}
