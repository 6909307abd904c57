import type { AddProcessorOptions, VideoProcessor } from 'twilio-video';
import type { FrameProcessor } from '../index';
import { drawOver, openFrameFilter, type FrameFilter } from './frame-filter';
import type { AdapterOptions } from './track-filter';

export type { AdapterOptions } from './track-filter';

/** Second argument of `addProcessor`: frames come without a detour over a canvas. */
export const TWILIO_PROCESSOR_OPTIONS: AddProcessorOptions = { inputFrameBufferType: 'videoframe', outputFrameBufferContextType: '2d' };

/** A Twilio `VideoProcessor`: `videoTrack.addProcessor(await createTwilioProcessor({ style: 'comic' }), TWILIO_PROCESSOR_OPTIONS)`. */
export class TwilioStyleProcessor implements VideoProcessor {
  /** For `setOptions`, statistics and errors. */
  readonly processor: FrameProcessor;

  /**
   * Made by {@link createTwilioProcessor}.
   * @internal
   */
  constructor(private readonly frames: FrameFilter) {
    this.processor = frames.processor;
  }

  /** Called by Twilio for each frame, which it leaves to us to close. Never rejects, because Twilio's pipe would end. */
  processFrame(input: OffscreenCanvas | HTMLCanvasElement | HTMLVideoElement | VideoFrame, output: HTMLCanvasElement): Promise<void> {
    return this.frames.style(input, async (picture) => {
      const context = output.getContext('2d');
      if (context !== null) return drawOver(context, picture);
      output.getContext('bitmaprenderer')?.transferFromImageBitmap(await createImageBitmap(picture));
    });
  }

  /** Frees everything; Twilio never calls it, so do it after `removeProcessor`. Idempotent. */
  close(): Promise<void> {
    return this.frames.close();
  }
}

/**
 * Loads a processor for a Twilio video track.
 * @throws {FilterError} as `StyleFilter.attach`.
 */
export async function createTwilioProcessor(options: AdapterOptions): Promise<TwilioStyleProcessor> {
  return new TwilioStyleProcessor(await openFrameFilter(options));
}
