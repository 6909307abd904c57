import type { FrameSink } from '../source/frame-source';
import { FrameReader } from './frame-reader';

/**
 * Reads a stream here and posts its frames one by one. Used where the engine runs on the same page: a stream that is
 * handed over there loses, unclosed, whatever is under way when it is cancelled.
 */
export class StreamFeeder {
  readonly #reader: FrameReader;
  #newest: VideoFrame | undefined;
  #skipped = 0;

  /**
   * Begins without a stream.
   * @param sink Takes the frames.
   * @param onEnd Called when the stream has ended by itself.
   */
  constructor(
    private readonly sink: Pick<FrameSink, 'ready' | 'frame'>,
    onEnd: () => void,
  ) {
    this.#reader = new FrameReader((frame) => this.#keep(frame), onEnd);
  }

  /** Reads this stream from now on. */
  open(readable: ReadableStream<VideoFrame>): void {
    this.#reader.open(readable);
  }

  /** The sink is ready: gives it the frame that waits. */
  feed(): void {
    const frame = this.#newest;
    if (frame === undefined || !this.sink.ready) return;
    this.#newest = undefined;
    this.sink.frame(frame, frame.timestamp, this.#skipped);
    this.#skipped = 0;
  }

  /** Lets the stream go; no frame goes out after the call. Idempotent. */
  close(): Promise<void> {
    this.#newest?.close();
    this.#newest = undefined;
    return this.#reader.close();
  }

  #keep(frame: VideoFrame): void {
    if (this.#newest !== undefined) this.#skipped += 1;
    this.#newest?.close();
    this.#newest = frame;
    this.feed();
  }
}
