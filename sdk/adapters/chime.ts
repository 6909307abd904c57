import type { VideoFrameBuffer, VideoFrameProcessor } from 'amazon-chime-sdk-js';
import type { FrameProcessor } from '../index';
import { drawOver, openFrameFilter, type FrameFilter } from './frame-filter';
import type { AdapterOptions } from './track-filter';

export type { AdapterOptions } from './track-filter';

/** An Amazon Chime `VideoFrameProcessor`: `new DefaultVideoTransformDevice(logger, camera, [await createChimeProcessor({ style: 'comic' })])`. */
export class ChimeStyleProcessor implements VideoFrameProcessor {
  /** For `setOptions`, statistics and errors. */
  readonly processor: FrameProcessor;
  readonly #context = document.createElement('canvas').getContext('2d')!;

  /**
   * Made by {@link createChimeProcessor}.
   * @internal
   */
  constructor(private readonly frames: FrameFilter) {
    this.processor = frames.processor;
  }

  /** Called by Chime for each frame. Never rejects for a frame that fails, because Chime's pipeline would end. */
  async process(buffers: VideoFrameBuffer[]): Promise<VideoFrameBuffer[]> {
    const [buffer, ...rest] = buffers;
    if (buffer === undefined) return buffers;
    const context = this.#context;
    const { canvas } = context;
    await this.frames.style(await buffer.asCanvasImageSource(), (picture) => {
      canvas.width = picture.displayWidth;
      canvas.height = picture.displayHeight;
      drawOver(context, picture);
    });
    return [canvasBuffer(canvas, buffer.framerate), ...rest];
  }

  /** Called by Chime when the transform device stops: frees everything. Idempotent. */
  destroy(): Promise<void> {
    return this.frames.close();
  }
}

/**
 * Loads a processor for a Chime video transform device.
 * @throws {FilterError} as `StyleFilter.attach`.
 */
export async function createChimeProcessor(options: AdapterOptions): Promise<ChimeStyleProcessor> {
  return new ChimeStyleProcessor(await openFrameFilter(options));
}

function canvasBuffer(canvas: HTMLCanvasElement, framerate: number): VideoFrameBuffer {
  return {
    framerate,
    width: canvas.width,
    height: canvas.height,
    destroy: () => undefined,
    asCanvasImageSource: () => Promise.resolve(canvas),
    asCanvasElement: () => canvas,
  };
}
