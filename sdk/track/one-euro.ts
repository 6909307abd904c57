/** Constants of a {@link OneEuroFilter} (Casiez, Roussel, Vogel: "1 € Filter", CHI 2012). */
export interface OneEuroSettings {
  /** Cut-off frequency at rest in Hz, > 0. Lower removes more jitter. */
  readonly minCutoffHz: number;
  /** How much the cut-off rises with speed: Hz per (unit of the value / s), >= 0. Higher means less lag in motion. */
  readonly beta: number;
  /** Cut-off frequency of the speed estimate in Hz, > 0. */
  readonly derivativeCutoffHz: number;
}

/** Share of the new sample in a first-order low-pass of the given cut-off. */
function smoothingFactor(cutoffHz: number, deltaS: number): number {
  const tau = 1 / (2 * Math.PI * cutoffHz);
  return 1 / (1 + tau / deltaS);
}

/**
 * One-Euro low-pass of a vector: strong when it rests, nearly transparent when it moves.
 * All components share one cut-off, taken from the length of the speed vector, so that a
 * movement is delayed equally along every direction.
 */
export class OneEuroFilter {
  readonly #settings: OneEuroSettings;
  #value: number[] | undefined;
  #speed: number[] = [];

  constructor(settings: OneEuroSettings) {
    this.#settings = settings;
  }

  /**
   * Smooths one sample.
   * @param sample The new value; as many numbers each time as the first time.
   * @param deltaS Seconds since the previous sample, > 0; ignored for the first.
   * @param unit What counts as one unit of the value for `beta` (default 1): passing the size of
   *   the followed thing makes the constants independent of its size.
   * @returns The smoothed value; the first sample comes back unchanged.
   */
  filter(sample: readonly number[], deltaS: number, unit = 1): readonly number[] {
    const previous = this.#value;
    if (previous === undefined) {
      this.#value = [...sample];
      this.#speed = sample.map(() => 0);
      return sample;
    }
    const { minCutoffHz, beta, derivativeCutoffHz } = this.#settings;
    const speedShare = smoothingFactor(derivativeCutoffHz, deltaS);
    const speed = sample.map((value, i) => {
      const raw = (value - (previous[i] ?? value)) / deltaS;
      const before = this.#speed[i] ?? 0;
      return before + speedShare * (raw - before);
    });
    const share = smoothingFactor(minCutoffHz + (beta * Math.hypot(...speed)) / unit, deltaS);
    const value = sample.map((next, i) => {
      const before = previous[i] ?? next;
      return before + share * (next - before);
    });
    this.#speed = speed;
    this.#value = value;
    return value;
  }

  /** Forgets everything: the next sample comes back unchanged. */
  reset(): void {
    this.#value = undefined;
  }
}
