/** Settings of a temporal filter. Every field is optional and has a default. */
export interface TemporalFilterOptions {
  /** Smoothing of flicker, 0 (none) … 1 (strongest). Default 0.5. */
  readonly strength?: number;
  /** Time in which a new face's picture appears, in milliseconds, >= 0. Default 120; 0 for still pictures. */
  readonly fadeInMs?: number;
  /** Time in which a lost face's picture disappears, in milliseconds, >= 0. Default 200. */
  readonly fadeOutMs?: number;
}

/** {@link TemporalFilterOptions} with every default filled in. */
export type ResolvedTemporalOptions = Required<TemporalFilterOptions>;

/** Fills in defaults (also for `undefined`) and limits numbers to their ranges. */
export function resolveTemporalOptions(options: TemporalFilterOptions): ResolvedTemporalOptions {
  return {
    strength: Math.min(1, Math.max(0, options.strength ?? 0.5)),
    fadeInMs: Math.max(0, options.fadeInMs ?? 120),
    fadeOutMs: Math.max(0, options.fadeOutMs ?? 200),
  };
}

/** Weight of the new picture at the largest strength. */
const LEAST_SHARE = 1 / 16;
/** Weight of the new picture for a face that moves fast: its flicker is not seen, its lag is. */
const MOVING_SHARE = 0.8;
/** Movement from frame to frame, in crop widths, from which a face moves fast. */
const FAST = 4 / 256;

/**
 * Weight of the new picture in the blend, 0…1.
 * @param strength 0…1.
 * @param shift how far the face's picture moved since the last frame, in crop widths.
 */
export function newShareFor(strength: number, shift: number): number {
  const still = LEAST_SHARE ** strength;
  const moving = Math.max(still, MOVING_SHARE);
  return still + (moving - still) * Math.min(1, shift / FAST);
}
