/**
 * Holds numbers still until what they follow has moved further than a leash, and then follows at its length: tremor and
 * slow drift stay out altogether, movement comes through without steps, late by no more than the leash is long.
 */
export class Leash {
  readonly #length: number;
  #held: readonly number[] | undefined;

  /**
   * Begins without a past.
   * @param length How far each number may be from what it follows, in its own unit, >= 0.
   */
  constructor(length: number) {
    this.#length = length;
  }

  /**
   * Follows one sample; the first comes back unchanged.
   * @param sample As many numbers each time.
   * @param unit What the length is measured in. Default 1.
   */
  follow(sample: readonly number[], unit = 1): readonly number[] {
    const reach = this.#length * unit;
    this.#held = sample.map((value, i) => Math.min(value + reach, Math.max(value - reach, this.#held?.[i] ?? value)));
    return this.#held;
  }

  /** Forgets the past. */
  reset(): void {
    this.#held = undefined;
  }
}
