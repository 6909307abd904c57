import { OneEuroFilter, type OneEuroSettings } from '../track/one-euro';
import type { CropSquare } from './ffhq-align';
import { Leash } from './leash';

/*
 * Chosen on a real webcam clip (`npx tsx test/bench/crop-smoothing.ts`). What is left of the crop's lag
 * does not move the styled face, which is pasted back where it was cut; it only decentres it in the crop.
 */
/** Centre, in sides of the square: Hz, Hz per (side / s), Hz. */
const CENTRE: OneEuroSettings = { minCutoffHz: 0.3, beta: 24, derivativeCutoffHz: 3 };
/** Natural logarithm of the side: Hz, Hz per (1 / s), Hz. */
const LOG_SIDE: OneEuroSettings = { minCutoffHz: 0.3, beta: 5, derivativeCutoffHz: 2 };
/** Roll: Hz, Hz per (rad / s), Hz. */
const ROLL: OneEuroSettings = { minCutoffHz: 0.3, beta: 8, derivativeCutoffHz: 3 };

/** Pose vector: Hz, Hz per (1 / s), Hz. Its numbers are about 1 in size; a blink passes within a frame or two. */
const POSE: OneEuroSettings = { minCutoffHz: 1.5, beta: 2, derivativeCutoffHz: 3 };

/*
 * How far what is smoothed may be from what is given out. A drawing that does not follow the photo's pixels shows the
 * crop's every tremor, as it is pasted back where the crop lies: a tenth of a pixel is seen at its lines.
 * In a picture of 256 pixels these are a seventh of one, a third (at the edge), a fifth (at the edge).
 */
/** Sides. */
const CENTRE_LEASH = 0.0006;
/** Natural logarithm of the side. */
const LOG_SIDE_LEASH = 0.0025;
const ROLL_LEASH_RAD = 0.0015;
const POSE_LEASH = 0.005;

/** Longest gap between two frames of one movement, in seconds; after a longer one the past says nothing. */
const MAX_GAP_S = 0.5;
/** A centre that moves this many sides between two frames is a cut and not a movement. */
const CUT_SIDES = 0.4;

const TURN_RAD = 2 * Math.PI;

/** The angle equal to `angleRad` that is nearest to `nearRad`, so that a full turn is no jump. */
function unwrap(angleRad: number, nearRad: number): number {
  return angleRad - TURN_RAD * Math.round((angleRad - nearRad) / TURN_RAD);
}

/**
 * Takes jitter out of one face's crop square (One-Euro and a leash on centre, log scale and angle).
 * Constants are relative to the face's size, so they hold for any resolution and distance.
 */
export class CropSmoother {
  readonly #centre = new OneEuroFilter(CENTRE);
  readonly #logSide = new OneEuroFilter(LOG_SIDE);
  readonly #roll = new OneEuroFilter(ROLL);
  readonly #pose = new OneEuroFilter(POSE);
  readonly #leashes = { centre: new Leash(CENTRE_LEASH), logSide: new Leash(LOG_SIDE_LEASH), roll: new Leash(ROLL_LEASH_RAD), pose: new Leash(POSE_LEASH) };
  #deltaS = 0;
  #last: { raw: CropSquare; rollRad: number; timestampUs: number } | undefined;

  /**
   * Smooths one square. Starts afresh after a gap, a cut, or when time does not advance.
   * @param square The unsmoothed square.
   * @param timestampUs Capture time in microseconds.
   */
  smooth(square: CropSquare, timestampUs: number): CropSquare {
    const last = this.#last;
    const deltaS = last === undefined ? 0 : (timestampUs - last.timestampUs) / 1e6;
    this.#deltaS = deltaS;
    if (last === undefined || deltaS <= 0 || deltaS > MAX_GAP_S || isCut(last.raw, square)) {
      this.reset();
    }
    const rollRad = unwrap(square.rollRad, this.#last?.rollRad ?? square.rollRad);
    this.#last = { raw: square, rollRad, timestampUs };
    const { centre, logSide: logSideLeash, roll } = this.#leashes;
    const { sidePx } = square;
    const [centreXPx = 0, centreYPx = 0] = centre.follow(this.#centre.filter([square.centreXPx, square.centreYPx], deltaS, sidePx), sidePx);
    const [logSide = 0] = logSideLeash.follow(this.#logSide.filter([Math.log(sidePx)], deltaS));
    const [smoothRoll = 0] = roll.follow(this.#roll.filter([rollRad], deltaS));
    return { centreXPx, centreYPx, sidePx: Math.exp(logSide), rollRad: unwrap(smoothRoll, 0) };
  }

  /** Smooths the pose vector that belongs to the square smoothed last. */
  smoothPose(pose: Float32Array): Float32Array {
    return Float32Array.from(this.#leashes.pose.follow(this.#pose.filter([...pose], this.#deltaS)));
  }

  /** Forgets the past: the next square comes back unchanged. */
  reset(): void {
    this.#centre.reset();
    this.#logSide.reset();
    this.#roll.reset();
    this.#pose.reset();
    for (const leash of Object.values(this.#leashes)) leash.reset();
    this.#last = undefined;
  }
}

function isCut(before: CropSquare, after: CropSquare): boolean {
  const moved = Math.hypot(
    after.centreXPx - before.centreXPx,
    after.centreYPx - before.centreYPx,
  );
  return moved > CUT_SIDES * Math.max(before.sidePx, after.sidePx);
}
