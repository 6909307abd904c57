/** Least step in milliseconds; MediaPipe refuses a timestamp that does not grow. */
const LEAST_STEP_MS = 1;

/**
 * Turns capture times into timestamps that always grow, as MediaPipe demands: where a source
 * jumps back (a loop, a seek), time goes on from where it was.
 */
export class TrackerClock {
  #lastMs = -LEAST_STEP_MS;
  #offsetMs = 0;

  /** Timestamp in milliseconds for a frame captured at `timestampUs` microseconds. */
  next(timestampUs: number): number {
    const wantedMs = timestampUs / 1000 + this.#offsetMs;
    const nextMs = Math.max(wantedMs, this.#lastMs + LEAST_STEP_MS);
    this.#offsetMs += nextMs - wantedMs;
    this.#lastMs = nextMs;
    return nextMs;
  }
}
