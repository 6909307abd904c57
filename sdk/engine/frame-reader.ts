/** Reads a stream of frames and lets go of it when another takes its place. */
export class FrameReader {
  #reader: ReadableStreamDefaultReader<VideoFrame> | undefined;

  /**
   * Begins without a stream.
   * @param onFrame Takes each frame over; the next is read when it resolves.
   * @param onEnd Called when a stream has ended by itself.
   */
  constructor(
    private readonly onFrame: (frame: VideoFrame) => void | Promise<void>,
    private readonly onEnd: () => void,
  ) {}

  /** Reads this stream from now on. */
  open(readable: ReadableStream<VideoFrame>): void {
    this.close();
    const reader = readable.getReader();
    this.#reader = reader;
    this.#read(reader).then(
      (ended) => {
        if (ended) this.onEnd();
      },
      () => this.onEnd(),
    );
  }

  /** Lets the stream go. Idempotent. */
  close(): void {
    this.#reader?.cancel().catch(() => undefined);
    this.#reader = undefined;
  }

  async #read(reader: ReadableStreamDefaultReader<VideoFrame>): Promise<boolean> {
    for (;;) {
      const { done, value } = await reader.read();
      const current = this.#reader === reader;
      if (done) return current;
      if (!current) {
        value.close();
        return false;
      }
      await this.onFrame(value);
    }
  }
}
