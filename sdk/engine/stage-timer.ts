import type { StageName } from '../types';

/** Median and 95th percentile. */
export interface Percentiles {
  readonly p50: number;
  readonly p95: number;
}

/** The stages in the order they run. */
export const STAGE_NAMES: readonly StageName[] = ['track', 'crop', 'generate', 'smooth', 'composite'];

/** Keeps the newest samples and answers their percentiles. */
export class SampleWindow {
  readonly #samples: number[] = [];
  #next = 0;

  /**
   * Begins empty.
   * @param capacity How many samples are kept. Default 240, about eight seconds of video.
   */
  constructor(private readonly capacity = 240) {}

  /** Adds a sample, forgetting the oldest when full. */
  add(value: number): void {
    this.#samples[this.#next] = value;
    this.#next = (this.#next + 1) % this.capacity;
  }

  /** Nearest-rank percentiles, null while there is no sample. */
  percentiles(): Percentiles | null {
    const sorted = this.#samples.toSorted((a, b) => a - b);
    const rank = (share: number): number | undefined => sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)];
    const p50 = rank(0.5);
    const p95 = rank(0.95);
    return p50 === undefined || p95 === undefined ? null : { p50, p95 };
  }
}

/** Measures how long each stage takes per frame; several faces in one frame add up to one sample. */
export class StageTimer {
  readonly #windows = new Map<StageName, SampleWindow>(STAGE_NAMES.map((name) => [name, new SampleWindow()]));
  readonly #frameMs = new Map<StageName, number>();

  /**
   * Begins empty.
   * @param now Clock in milliseconds.
   */
  constructor(private readonly now: () => number = () => performance.now()) {}

  /** Runs one stage and adds its time to the current frame, also when it throws. */
  async time<T>(stage: StageName, run: () => T | Promise<T>): Promise<T> {
    const startMs = this.now();
    try {
      return await run();
    } finally {
      this.#frameMs.set(stage, (this.#frameMs.get(stage) ?? 0) + this.now() - startMs);
    }
  }

  /** Ends the current frame: each stage that ran becomes one sample. */
  endFrame(): void {
    for (const [stage, ms] of this.#frameMs) this.#windows.get(stage)?.add(ms);
    this.#frameMs.clear();
  }

  /** Percentiles by stage, null where a stage has not run yet. */
  stageMs(): Record<StageName, Percentiles | null> {
    return Object.fromEntries(STAGE_NAMES.map((name) => [name, this.#windows.get(name)?.percentiles() ?? null])) as Record<StageName, Percentiles | null>;
  }
}
