import type { FilterError} from '../errors';
import { toFilterError } from '../errors';

/** What a {@link FrameWriter} writes to. */
export interface FrameWriterOptions {
  /** Hears once that the other end is gone. */
  readonly onError: (error: FilterError) => void;
}

/** Writes pictures to a track. Never waits: while one is being written the next is left out. */
export class FrameWriter {
  readonly #writer: WritableStreamDefaultWriter<VideoFrame>;
  #busy = false;
  #closed = false;

  constructor(
    writable: WritableStream<VideoFrame>,
    private readonly options: FrameWriterOptions,
  ) {
    this.#writer = writable.getWriter();
  }

  /** Takes over a frame: it is written or closed. */
  write(frame: VideoFrame): void {
    if (this.#closed || this.#busy) return frame.close();
    this.#busy = true;
    void this.#send(frame);
  }

  /** Ends the track. Idempotent. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#writer.close().catch(() => undefined);
  }

  async #send(frame: VideoFrame): Promise<void> {
    try {
      await this.#writer.write(frame);
    } catch (cause) {
      if (this.#closed) return;
      this.#closed = true;
      this.options.onError(toFilterError(cause, 'sink-failed', 'The output track takes no more frames; it may have been stopped. Detach and attach again for a new one', 'sink'));
    } finally {
      this.#busy = false;
      frame.close();
    }
  }
}
