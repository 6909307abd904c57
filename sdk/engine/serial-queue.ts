/** Runs asynchronous jobs one at a time, in the order they were added. A job that fails does not stop the ones behind it. */
export class SerialQueue {
  #tail: Promise<unknown> = Promise.resolve();

  /** Adds a job; resolves or rejects as the job does. */
  add<T>(job: () => T | Promise<T>): Promise<T> {
    const result = this.#tail.then(job);
    this.#tail = result.catch(() => undefined);
    return result;
  }

  /** Resolves when everything added so far has ended. */
  async idle(): Promise<void> {
    await this.#tail;
  }
}
