import type { FilterError } from '../errors';
import type { Frame } from '../types';
import { FrameWriter } from './frame-writer';

/** The engine's side of the sinks: takes the canvas's picture to the output track and to whoever wants each picture. */
export class PictureOutlet {
  #writer: FrameWriter | undefined;
  #onPicture: ((picture: VideoFrame) => void) | undefined;

  constructor(
    private readonly canvas: OffscreenCanvas | HTMLCanvasElement,
    private readonly onError: (error: FilterError) => void,
  ) {}

  /** Sends pictures to a track from now on; the track given before ends. */
  openTrack(writable: WritableStream<VideoFrame>): void {
    this.#writer?.close();
    this.#writer = new FrameWriter(writable, { onError: this.onError });
  }

  /** Gives each picture away from now on. */
  onPicture(take: ((picture: VideoFrame) => void) | undefined): void {
    this.#onPicture = take;
  }

  /** Sends what the canvas shows. Must be called in the task that drew it, because the browser clears the canvas after. */
  emit(timestampUs: number, transparent: boolean): void {
    this.#send(() => new VideoFrame(this.canvas, { timestamp: timestampUs, alpha: transparent ? 'keep' : 'discard' }));
  }

  /** Sends the frame as it is, past the canvas. */
  pass(frame: Frame): void {
    this.#send(() => new VideoFrame(frame.image, { timestamp: frame.timestampUs }));
  }

  /** Ends the track. Idempotent. */
  close(): void {
    this.#writer?.close();
    this.#writer = this.#onPicture = undefined;
  }

  #send(make: () => VideoFrame): void {
    if (this.#writer === undefined && this.#onPicture === undefined) return;
    const picture = make();
    if (this.#onPicture === undefined) return this.#writer?.write(picture);
    this.#writer?.write(picture.clone());
    this.#onPicture(picture);
  }
}
