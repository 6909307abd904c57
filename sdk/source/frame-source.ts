import type { FilterError } from '../errors';

/** Where a source hands its pictures: the page's end of the engine. */
export interface FrameSink {
  /** Takes over a whole stream; a stream given before is let go. */
  stream(readable: ReadableStream<VideoFrame>): void;
  /**
   * Takes over one picture.
   * @param image The picture.
   * @param timestampUs When it was taken, in microseconds.
   * @param skipped How many pictures were skipped since the last one because the sink was not {@link ready}.
   */
  frame(image: VideoFrame | ImageBitmap, timestampUs: number, skipped?: number): void;
  /** Whether a picture given now would be worked on soon; if not, the source keeps it until {@link onReady}. */
  readonly ready: boolean;
  /** Called each time the sink becomes ready. */
  onReady: (() => void) | undefined;
  /** Asks for {@link onTick} about 30 times a second, also while the page's own timers sleep. */
  ticking(on: boolean): void;
  /** Called on each tick. */
  onTick: (() => void) | undefined;
  /** No more pictures come. */
  ended(error?: FilterError): void;
  /** Something is wrong that need not stay so. */
  warn(error: FilterError): void;
}

/** Something that gives pictures. */
export interface FrameSource {
  /** The element an overlay is laid over, if there is one. */
  readonly element: HTMLElement | undefined;
  /** Sound that belongs to the pictures; stays the giver's. */
  readonly audioTracks: readonly MediaStreamTrack[];
  /** Begins to hand out pictures. */
  start(sink: FrameSink): void;
  /** Gives a picture that does not change by itself once more, because settings have changed or it still fades. */
  refresh(): void;
  /** Stops, and releases what the source itself has opened. Idempotent. */
  close(): void;
}
