/** Moves one portrait by known transforms through the whole filter and measures where its styled features arrive. */
import { BASE, StyleFilter } from './filter-page';
import { openStage, openTracker, type Pose } from './track-page';

const WIDTH_PX = 640;
const HEIGHT_PX = 480;
const FRAME_US = 40_000;
/** Edge length of the portrait taken back to where it came from. */
const SIZE_PX = 256;
/** Frames at rest before the movement, by which all is settled. */
const SETTLE = 6;
const SEARCH_PX = 10;
/** Middles of the measured features, by MediaPipe's points, and half their extent in face widths. */
const FEATURES = { leftEye: [33, 133], rightEye: [362, 263], mouth: [61, 291] } as const;
const HALF_WIDTH = 0.24;
const HALF_HEIGHT = 0.16;

/** A feature's name. */
export type Feature = keyof typeof FEATURES;

/** What was measured of a movement. */
export interface Following {
  /** Largest distance of each feature from where it belongs, in % of the face's width. */
  readonly worst: Record<Feature, number>;
  /** How much the style changes the features, as root mean square of grey levels, 0…255. */
  readonly styledBy: number;
  /** Faces styled in each frame. */
  readonly faces: number[];
}

interface Patch {
  readonly xPx: number;
  readonly yPx: number;
  readonly halfWidthPx: number;
  readonly halfHeightPx: number;
}

/** The portrait's pixels in grey, moved, turned and scaled back to a square of `SIZE_PX`. */
function takenBack(picture: VideoFrame, { xPx, yPx, sizePx, rollRad = 0 }: Pose): Float32Array<ArrayBuffer> {
  const canvas = new OffscreenCanvas(SIZE_PX, SIZE_PX);
  const context = canvas.getContext('2d', { willReadFrequently: true })!;
  context.translate(SIZE_PX / 2, SIZE_PX / 2);
  context.scale(SIZE_PX / sizePx, SIZE_PX / sizePx);
  context.rotate(-rollRad);
  context.drawImage(picture, -xPx, -yPx);
  const { data } = context.getImageData(0, 0, SIZE_PX, SIZE_PX);
  return Float32Array.from({ length: SIZE_PX * SIZE_PX }, (_, i) => 0.3 * data[i * 4]! + 0.6 * data[i * 4 + 1]! + 0.1 * data[i * 4 + 2]!);
}

/** Mean squared difference of a patch and the same patch of another picture, moved by whole pixels. */
function difference(a: Float32Array, b: Float32Array, { xPx, yPx, halfWidthPx, halfHeightPx }: Patch, dx: number, dy: number): number {
  let sum = 0;
  let count = 0;
  for (let y = Math.round(yPx - halfHeightPx); y < yPx + halfHeightPx; y++) {
    for (let x = Math.round(xPx - halfWidthPx); x < xPx + halfWidthPx; x++) {
      sum += (a[y * SIZE_PX + x]! - b[(y + dy) * SIZE_PX + x + dx]!) ** 2;
      count++;
    }
  }
  return sum / count;
}

/** Lowest point of a parabola through three values around 0. */
const vertex = (before: number, at: number, after: number): number => (before - after) / (2 * (before - 2 * at + after) || 1);

/** How far a patch of `reference` lies from itself in `picture`, in pixels. */
function shift(reference: Float32Array, picture: Float32Array, patch: Patch): number {
  let best = { dx: 0, dy: 0, cost: Infinity };
  for (let dy = -SEARCH_PX; dy <= SEARCH_PX; dy++) {
    for (let dx = -SEARCH_PX; dx <= SEARCH_PX; dx++) {
      const cost = difference(reference, picture, patch, dx, dy);
      if (cost < best.cost) best = { dx, dy, cost };
    }
  }
  const { dx, dy, cost } = best;
  const near = (stepX: number, stepY: number): number => difference(reference, picture, patch, dx + stepX, dy + stepY);
  return Math.hypot(dx + vertex(near(-1, 0), cost, near(1, 0)), dy + vertex(near(0, -1), cost, near(0, 1)));
}

/** Where the features lie in the portrait itself, and the face's width in it. */
async function findFeatures(): Promise<{ patches: Record<Feature, Patch>; faceWidthPx: number }> {
  const show = await openStage(SIZE_PX, SIZE_PX);
  const tracker = await openTracker({ mode: 'still', modelUrl: '/assets/models/face_landmarker.task' });
  const frame = show([{ xPx: SIZE_PX / 2, yPx: SIZE_PX / 2, sizePx: SIZE_PX }], 0);
  const [face] = tracker.detect(frame);
  frame.close();
  tracker.close();
  if (face === undefined) throw new Error('No face was found in the portrait.');
  const at = (index: number): [number, number] => [face.landmarks[index * 3]! * SIZE_PX, face.landmarks[index * 3 + 1]! * SIZE_PX];
  const [left, right] = [at(234), at(454)];
  const faceWidthPx = Math.hypot(right[0] - left[0], right[1] - left[1]);
  const patchOf = ([a, b]: readonly [number, number]): Patch => ({
    xPx: (at(a)[0] + at(b)[0]) / 2,
    yPx: (at(a)[1] + at(b)[1]) / 2,
    halfWidthPx: HALF_WIDTH * faceWidthPx,
    halfHeightPx: HALF_HEIGHT * faceWidthPx,
  });
  return {
    patches: { leftEye: patchOf(FEATURES.leftEye), rightEye: patchOf(FEATURES.rightEye), mouth: patchOf(FEATURES.mouth) },
    faceWidthPx,
  };
}

/** A movement from the middle of the picture: where the portrait has come to when it is over. */
export interface Movement {
  readonly asidePx?: number;
  readonly downPx?: number;
  /** Change of size, as a share. */
  readonly growth?: number;
  readonly rollRad?: number;
}

/** Moves the portrait through one filter by each movement in turn, in `frames` frames of 25 a second, gently from rest to rest. */
export async function follow(movements: readonly Movement[], frames: number, portraitPx: number): Promise<Following[]> {
  const { patches, faceWidthPx } = await findFeatures();
  const show = await openStage(WIDTH_PX, HEIGHT_PX);
  const processor = await StyleFilter.createProcessor(BASE);
  const results: Following[] = [];
  let timestampUs = 0;
  try {
    for (const { asidePx = 0, downPx = 0, growth = 0, rollRad = 0 } of movements) {
      const worst: Record<Feature, number> = { leftEye: 0, rightEye: 0, mouth: 0 };
      const faces: number[] = [];
      let reference = new Float32Array();
      let styledBy = 0;
      for (let i = -SETTLE; i < frames; i++) {
        const share = i < 0 ? 0 : (1 - Math.cos((Math.PI * (i + 1)) / frames)) / 2;
        const pose = { xPx: WIDTH_PX / 2 + share * asidePx, yPx: HEIGHT_PX / 2 + share * downPx, sizePx: portraitPx * (1 + share * growth), rollRad: share * rollRad };
        const { image } = show([pose], (timestampUs += FRAME_US));
        const plain = takenBack(image as VideoFrame, pose);
        const { picture, faces: count, error } = await processor.process(image);
        if (error) throw error;
        const styled = takenBack(picture, pose);
        picture.close();
        if (i < 0) {
          reference = styled;
          continue;
        }
        faces.push(count);
        for (const [name, patch] of Object.entries(patches) as [Feature, Patch][]) {
          worst[name] = Math.max(worst[name], (100 * shift(reference, styled, patch)) / faceWidthPx);
          styledBy += Math.sqrt(difference(plain, styled, patch, 0, 0)) / (3 * frames);
        }
      }
      results.push({ worst, styledBy, faces });
    }
  } finally {
    await processor.close();
  }
  return results;
}
