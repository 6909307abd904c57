import { StyleFilter, type FrameProcessor } from '../index';
import type { AdapterOptions } from './track-filter';

/** A processor for call libraries that hand out single pictures. */
export interface FrameFilter {
  /** For changing settings, reading statistics and hearing errors. */
  readonly processor: FrameProcessor;
  /**
   * Styles a picture and gives it to `draw`. Never rejects, because call libraries end the video then: without a picture
   * (an error that `processor.error$` has told, or a closed filter) nothing is drawn and the last picture stays.
   * @param image A `VideoFrame` is taken over; anything else is copied.
   */
  style(image: CanvasImageSource, draw: (picture: VideoFrame) => void | Promise<void>): Promise<void>;
  /** Frees everything. Idempotent. */
  close(): Promise<void>;
}

/**
 * Loads a processor of single pictures.
 * @throws {FilterError} as `StyleFilter.attach`.
 */
export async function openFrameFilter(options: AdapterOptions): Promise<FrameFilter> {
  const processor = await StyleFilter.createProcessor(options);
  return {
    processor,
    async style(image, draw) {
      let frame: VideoFrame | undefined;
      let picture: VideoFrame | undefined;
      try {
        frame = image instanceof VideoFrame ? image : new VideoFrame(image, { timestamp: Math.round(performance.now() * 1000) });
        ({ picture } = await processor.process(frame));
        await draw(picture);
      } catch {
        return;
      } finally {
        frame?.close();
        picture?.close();
      }
    },
    close: () => processor.close(),
  };
}

/** Draws a picture over all of a canvas, transparency included. */
export function drawOver(context: CanvasRenderingContext2D, picture: VideoFrame): void {
  const { width, height } = context.canvas;
  context.globalCompositeOperation = 'copy';
  context.drawImage(picture, 0, 0, width, height);
}
