import { invertAffine } from '../affine';
import { movementBetween } from '../smooth/face-movement';
import type { Affine, FaceCrop } from '../types';
import type { Bounds } from './bounds';
import type { GlContext } from './gl-context';
import type { GlTarget } from './gl-texture';

/** A head in the old style, on its way out of a head in the new one. */
export interface PastLayer {
  /** Premultiplied picture of the whole crop that it was drawn from. */
  readonly picture: WebGLTexture;
  /** Outside of these, in crop units of the new head, it is transparent; they may reach beyond the new head's crop. */
  readonly bounds: Bounds;
  /** Place in the new head's crop → place of the same skin in the old one's. */
  readonly pastFromCrop: Affine;
  /** How much of the mixture it is, 0…1. */
  readonly share: number;
}

/** A head as it was last drawn in the old style; its picture becomes the transition's. */
export interface LeavingHead {
  readonly crop: FaceCrop;
  readonly picture: GlTarget;
  readonly bounds: Bounds;
}

/** Change of shape, in crop widths, that no movement of one face makes while a style changes. */
const MAX_RESIDUAL = 0.1;

/** A part of the old head that remains. */
interface Kept extends LeavingHead {
  readonly epoch: number;
}

/**
 * Fades the heads of the old style out of those of the new: each old head is one picture, carried along with its face,
 * whose share falls evenly to nothing by the frames' own clock. It ends early for a face that has become another's.
 */
export class StyleTransition {
  readonly #context: GlContext;
  readonly #kept = new Map<number, Kept>();
  #startUs = 0;
  #durationUs = 0;

  constructor(context: GlContext) {
    this.#context = context;
  }

  /** Whether an old head remains. */
  get active(): boolean {
    return this.#kept.size > 0;
  }

  /**
   * Begins with the heads of the last picture, which was taken at `timestampUs`; those of an earlier transition are dropped.
   */
  begin(heads: readonly LeavingHead[], timestampUs: number, durationMs: number): void {
    this.end();
    this.#startUs = timestampUs;
    this.#durationUs = 1000 * durationMs;
    for (const head of heads) this.#kept.set(head.crop.faceId, { ...head, epoch: this.#context.epoch });
  }

  /** Drops every old head when the time is over. Call it before each picture. */
  advance(timestampUs: number): void {
    if (!(this.#shareAt(timestampUs) > 0)) this.end();
  }

  /** What a head drawn now still holds of the old style, or null. */
  pastOf(crop: FaceCrop, timestampUs: number): PastLayer | null {
    const kept = this.#kept.get(crop.faceId);
    if (kept === undefined) return null;
    const { previousFromCurrent, residual } = movementBetween(kept.crop, crop);
    // A lost context loses the picture; and NaN is no movement either.
    if (kept.epoch !== this.#context.epoch || !(residual <= MAX_RESIDUAL)) {
      this.#drop(kept);
      return null;
    }
    return {
      picture: kept.picture.handle,
      bounds: boundsThrough(invertAffine(previousFromCurrent), kept.bounds),
      pastFromCrop: previousFromCurrent,
      share: this.#shareAt(timestampUs),
    };
  }

  /** Drops every old head now. */
  end(): void {
    for (const kept of this.#kept.values()) this.#drop(kept);
  }

  /** NaN, as where there was no transition yet, and a clock that went back count as its end. */
  #shareAt(timestampUs: number): number {
    const elapsedUs = timestampUs - this.#startUs;
    return elapsedUs < 0 ? 0 : 1 - elapsedUs / this.#durationUs;
  }

  #drop(kept: Kept): void {
    kept.picture.close();
    this.#kept.delete(kept.crop.faceId);
  }
}

/** The smallest bounds around others after a transform; without area where those have none. */
function boundsThrough([a, b, c, d, e, f]: Affine, [left, top, right, bottom]: Bounds): Bounds {
  if (right <= left || bottom <= top) return [0, 0, 0, 0];
  const corners = [left, right].flatMap((x) => [top, bottom].map((y) => [a * x + b * y + c, d * x + e * y + f] as const));
  const xs = corners.map(([x]) => x);
  const ys = corners.map(([, y]) => y);
  return [Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys)];
}

/** The smallest bounds around two; those without area count as nothing. */
export function unionBounds(one: Bounds, other: Bounds): Bounds {
  if (one[2] <= one[0]) return other;
  if (other[2] <= other[0]) return one;
  return [Math.min(one[0], other[0]), Math.min(one[1], other[1]), Math.max(one[2], other[2]), Math.max(one[3], other[3])];
}
