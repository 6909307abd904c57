/** How long the next frame of a stream is waited for before the stream is cancelled. */
const LAST_FRAME_MS = 250;

/** Reads a stream of frames and lets go of it when another takes its place. */
export class FrameReader {
  #reader: ReadableStreamDefaultReader<VideoFrame> | undefined;
  #reading: Promise<void> = Promise.resolve();

  /**
   * Begins without a stream.
   * @param onFrame Takes each frame over.
   * @param onEnd Called when a stream has ended by itself.
   */
  constructor(
    private readonly onFrame: (frame: VideoFrame) => void,
    private readonly onEnd: () => void,
  ) {}

  /** Reads this stream from now on. */
  open(readable: ReadableStream<VideoFrame>): void {
    void this.close();
    const reader = readable.getReader();
    this.#reader = reader;
    this.#reading = this.#read(reader).catch(() => this.#end(reader));
  }

  /** Lets the stream go; no frame comes after the call. Resolves when the stream is cancelled. Idempotent. */
  async close(): Promise<void> {
    const reader = this.#reader;
    if (reader === undefined) return this.#reading;
    this.#reader = undefined;
    // A frame that is under way when a stream is cancelled may be lost unclosed, so the read that waits may end first.
    const limit = setTimeout(() => void reader.cancel().catch(() => undefined), LAST_FRAME_MS);
    await this.#reading;
    clearTimeout(limit);
  }

  async #read(reader: ReadableStreamDefaultReader<VideoFrame>): Promise<void> {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return this.#end(reader);
      if (this.#reader !== reader) {
        value.close();
        return reader.cancel();
      }
      this.onFrame(value);
    }
  }

  #end(reader: ReadableStreamDefaultReader<VideoFrame>): void {
    if (this.#reader !== reader) return;
    this.#reader = undefined;
    this.onEnd();
  }
}
