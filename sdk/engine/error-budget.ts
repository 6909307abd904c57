import { FilterError } from '../errors';

/** How long a lost WebGL context may take to come back before it counts as gone. */
const CONTEXT_GRACE_MS = 5000;

/** What to do about a failed frame. */
export interface Verdict {
  /** Whether the caller has not been told of this kind of failure in this streak yet. */
  readonly report: boolean;
  /** The reason to stop for good, or undefined to go on. */
  readonly fatal: FilterError | undefined;
}

/** Decides after how many failed frames in a row the filter gives up. One good frame starts the count anew. */
export class ErrorBudget {
  #inARow = 0;
  readonly #reported = new Set<FilterError['code']>();
  #contextLostSinceMs: number | undefined;

  /**
   * Begins without failures.
   * @param maxInARow Failed frames in a row after which it is over.
   * @param now Clock in milliseconds.
   */
  constructor(
    public maxInARow: number,
    private readonly now: () => number = () => performance.now(),
  ) {}

  /** A frame went well. */
  succeed(): void {
    this.#inARow = 0;
    this.#reported.clear();
    this.#contextLostSinceMs = undefined;
  }

  /** A frame failed. */
  fail(error: FilterError): Verdict {
    this.#inARow += 1;
    const report = !this.#reported.has(error.code);
    this.#reported.add(error.code);
    return { report, fatal: this.#isOver(error) ? giveUp(error, this.#inARow) : undefined };
  }

  #isOver(error: FilterError): boolean {
    if (error.fatal) return true;
    if (error.code !== 'context-lost') return this.#inARow >= this.maxInARow;
    // A lost context comes back by itself as a rule, and counting frames would punish fast cameras.
    this.#contextLostSinceMs ??= this.now();
    return this.now() - this.#contextLostSinceMs >= CONTEXT_GRACE_MS;
  }
}

function giveUp(error: FilterError, inARow: number): FilterError {
  return new FilterError(error.code, `The filter stopped after ${inARow} failed frame${inARow === 1 ? '' : 's'} in a row: ${error.message} Detach it and attach it again.`, {
    stage: error.stage,
    fatal: true,
    cause: error,
  });
}
