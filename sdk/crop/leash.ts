/** What remains of a leash's slack with each further pull in one direction. */
const TIGHTENING = 0.5;
/** Share of its length by which it slackens again while nothing pulls, or something the other way. */
const SLACKENING = 0.1;

/** One number on its leash. */
interface Held {
  readonly value: number;
  /** How far it may be from what it follows. */
  readonly slack: number;
  /** Where it was pulled last: -1, 1, or 0 for not at all. */
  readonly pull: number;
}

/**
 * Holds numbers still until what they follow has moved further than a leash is long, and then follows without steps.
 * Tremor and slow drift stay out; what goes on in one direction is movement, for which the leash tightens until nothing is late.
 */
export class Leash {
  readonly #length: number;
  #held: readonly Held[] | undefined;

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
    const length = this.#length * unit;
    this.#held = sample.map((value, i) => {
      const before = this.#held?.[i];
      return before === undefined ? { value, slack: length, pull: 0 } : follow(before, value, length);
    });
    return this.#held.map(({ value }) => value);
  }

  /** Forgets the past. */
  reset(): void {
    this.#held = undefined;
  }
}

function follow({ value, slack, pull: pulled }: Held, target: number, length: number): Held {
  const pull = Math.abs(target - value) > slack ? Math.sign(target - value) : 0;
  const goesOn = pull !== 0 && pull === pulled;
  const left = goesOn ? slack * TIGHTENING : Math.min(length, slack + SLACKENING * length);
  return { value: pull === 0 ? value : target - pull * Math.min(slack, left), slack: left, pull };
}
