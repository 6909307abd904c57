import { FilterError } from '../errors';

// A resource that is collected unclosed has leaked what the collector cannot see: GPU memory, a worker, a camera.
const leaks = typeof FinalizationRegistry === 'undefined'
  ? undefined
  : new FinalizationRegistry<string>((name) => {
      console.warn(`StyleFilter: a ${name} was garbage collected without being closed.`);
    });

/** Makes a disposable idempotent, names it in errors after use, and warns on the console if it is collected unclosed. */
export class Lifetime {
  #closed = false;
  readonly #token = {};

  /**
   * Begins the lifetime.
   * @param owner The disposable this is the lifetime of.
   * @param name How it is called in messages.
   */
  constructor(owner: object, readonly name: string) {
    leaks?.register(owner, name, this.#token);
  }

  /** Whether it was closed. */
  get closed(): boolean {
    return this.#closed;
  }

  /**
   * Refuses use after {@link close}.
   * @throws {FilterError} `closed`.
   */
  assertOpen(): void {
    if (this.#closed) throw new FilterError('closed', `This ${this.name} was closed and can no longer be used.`);
  }

  /** Marks it closed. Returns true the first time, so that the owner releases what it holds exactly once. */
  close(): boolean {
    if (this.#closed) return false;
    this.#closed = true;
    leaks?.unregister(this.#token);
    return true;
  }
}
