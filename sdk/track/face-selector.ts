import { boxOf, iou, sizeOf, type FaceBox } from './face-box';

/** One face as the landmarker found it. */
export interface Detection {
  /** `[x0, y0, z0, …]`, x in frame widths, y in frame heights. */
  readonly landmarks: Float32Array;
  readonly blendshapes: ReadonlyMap<string, number>;
  /** Column-major 4×4. */
  readonly matrix?: Float32Array | undefined;
}

/** A detection that has been given an identity. */
export interface SelectedFace extends Detection {
  readonly id: number;
}

/** A face not seen for this long is gone, in microseconds. */
const GONE_AFTER_US = 400_000;
/** A face this many times larger (in linear size) than a selected one may take its place … */
const LARGER_BY = 1.3;
/** … once it has been larger for this long, in microseconds. */
const LARGER_FOR_US = 500_000;
/** Two detections that overlap more than this are the same face found twice. */
const SAME_FACE_IOU = 0.5;
/** Least overlap, or largest distance in face sizes, between two sightings of the same face. */
const MATCH_IOU = 0.2;
const MATCH_DISTANCE = 0.6;
/** Largest ratio of sizes between two sightings of the same face. */
const MATCH_SIZE_RATIO = 1.8;

interface FaceTrack {
  readonly id: number;
  box: FaceBox;
  detection: Detection;
  seenUs: number;
  selected: boolean;
  /** Since when this face, not selected, has been larger than the smallest selected one. */
  largerSinceUs: number | undefined;
}

/**
 * Gives faces stable ids and chooses at most `maxFaces` of them: those chosen stay chosen until
 * they are gone or another one has been clearly larger for a while. A face that is missing for a
 * moment keeps its id and its place.
 */
export class FaceSelector {
  #maxFaces: number;
  #tracks: FaceTrack[] = [];
  #nextId = 1;

  constructor(maxFaces: number) {
    this.#maxFaces = maxFaces;
  }

  /** Changes how many faces are chosen; those over the limit lose their place, smallest first. */
  setMaxFaces(maxFaces: number): void {
    this.#maxFaces = maxFaces;
    this.#selected()
      .sort(bySize)
      .slice(maxFaces)
      .forEach((track) => (track.selected = false));
  }

  /**
   * Takes in one frame's detections.
   * @param detections What was found in this frame, in any order.
   * @param aspect Frame width / height.
   * @param timestampUs Time of the frame in microseconds, not smaller than before.
   * @returns The chosen faces that are in this frame, largest first.
   */
  select(
    detections: readonly Detection[],
    aspect: number,
    timestampUs: number,
  ): readonly SelectedFace[] {
    this.#match(detections, aspect, timestampUs);
    this.#tracks = this.#tracks.filter((track) => timestampUs - track.seenUs <= GONE_AFTER_US);
    this.#fillPlaces(timestampUs);
    this.#challenge(timestampUs);
    return this.#selected()
      .filter((track) => track.seenUs === timestampUs)
      .sort(bySize)
      .map(({ id, detection }) => ({ id, ...detection }));
  }

  /** Forgets all faces; ids are not used again. */
  reset(): void {
    this.#tracks = [];
  }

  #selected(): FaceTrack[] {
    return this.#tracks.filter((track) => track.selected);
  }

  #match(detections: readonly Detection[], aspect: number, timestampUs: number): void {
    const found = withoutDoubles(
      detections.map((detection) => ({ detection, box: boxOf(detection.landmarks, aspect) })),
    );
    const pairs = found
      .flatMap((item) => this.#tracks.map((track) => ({ item, track, cost: matchCost(item.box, track.box) })))
      .filter(({ cost }) => Number.isFinite(cost))
      .sort((a, b) => a.cost - b.cost);
    const takenItems = new Set<unknown>();
    const takenTracks = new Set<FaceTrack>();
    for (const { item, track } of pairs) {
      if (takenItems.has(item) || takenTracks.has(track)) continue;
      takenItems.add(item);
      takenTracks.add(track);
      track.box = item.box;
      track.detection = item.detection;
      track.seenUs = timestampUs;
    }
    for (const item of found) {
      if (takenItems.has(item)) continue;
      this.#tracks.push({
        ...item,
        id: this.#nextId++,
        seenUs: timestampUs,
        selected: false,
        largerSinceUs: undefined,
      });
    }
  }

  #fillPlaces(timestampUs: number): void {
    const free = this.#maxFaces - this.#selected().length;
    this.#tracks
      .filter((track) => !track.selected && track.seenUs === timestampUs)
      .sort(bySize)
      .slice(0, Math.max(0, free))
      .forEach((track) => (track.selected = true));
  }

  #challenge(timestampUs: number): void {
    for (const track of this.#tracks) {
      const smallest = this.#selected().sort(bySize).at(-1);
      const isLarger =
        smallest !== undefined &&
        !track.selected &&
        track.seenUs === timestampUs &&
        sizeOf(track.box) > LARGER_BY * sizeOf(smallest.box);
      if (!isLarger) {
        track.largerSinceUs = undefined;
        continue;
      }
      track.largerSinceUs ??= timestampUs;
      if (timestampUs - track.largerSinceUs >= LARGER_FOR_US) {
        smallest.selected = false;
        track.selected = true;
        track.largerSinceUs = undefined;
      }
    }
  }
}

function bySize(a: { box: FaceBox }, b: { box: FaceBox }): number {
  return sizeOf(b.box) - sizeOf(a.box);
}

function withoutDoubles<T extends { box: FaceBox }>(found: readonly T[]): T[] {
  const kept: T[] = [];
  for (const item of [...found].sort(bySize)) {
    if (kept.every((other) => iou(other.box, item.box) <= SAME_FACE_IOU)) kept.push(item);
  }
  return kept;
}

/** Small for the same face seen again, infinite where it cannot be the same. */
function matchCost(a: FaceBox, b: FaceBox): number {
  const [sizeA, sizeB] = [sizeOf(a), sizeOf(b)];
  if (Math.max(sizeA, sizeB) > MATCH_SIZE_RATIO * Math.min(sizeA, sizeB)) return Infinity;
  const distance =
    Math.hypot(a.left + a.right - b.left - b.right, a.top + a.bottom - b.top - b.bottom) /
    (sizeA + sizeB);
  return distance <= MATCH_DISTANCE || iou(a, b) >= MATCH_IOU ? distance : Infinity;
}
