import { toFilterError } from '../errors';
import type { FrameSink, FrameSource } from './frame-source';

/** A picture that does not move. */
export type StillImage = HTMLImageElement | HTMLCanvasElement | OffscreenCanvas | ImageBitmap | ImageData | Blob;

/** Whether a value is a {@link StillImage}. */
export function isStillImage(value: unknown): value is StillImage {
  const kinds = ['HTMLImageElement', 'HTMLCanvasElement', 'OffscreenCanvas', 'ImageBitmap', 'ImageData', 'Blob'] as const;
  return kinds.some((name) => {
    const kind = (globalThis as Record<string, unknown>)[name];
    return typeof kind === 'function' && value instanceof kind;
  });
}

/**
 * A copy of a picture that can be given away.
 * @throws {FilterError} `source-empty` if it cannot be decoded, `source-tainted` if it may not be read.
 */
export async function readImage(image: StillImage): Promise<ImageBitmap> {
  try {
    if (isElement(image)) await image.decode();
    return await createImageBitmap(image);
  } catch (cause) {
    const tainted = cause instanceof DOMException && cause.name === 'SecurityError';
    throw toFilterError(cause, tainted ? 'source-tainted' : 'source-empty', 'The picture could not be read; give one that is loaded and not empty', 'source');
  }
}

/** A source that gives one picture, and again whenever settings change. */
export function createImageSource(image: StillImage): FrameSource {
  let sink: FrameSink | undefined;
  let turn = 0;

  const give = async (): Promise<void> => {
    const mine = ++turn;
    try {
      const bitmap = await readImage(image);
      if (sink === undefined || mine !== turn) bitmap.close();
      else sink.frame(bitmap, Math.round(performance.now() * 1000));
    } catch (error) {
      sink?.ended(toFilterError(error, 'source-empty', 'The picture could not be read', 'source'));
    }
  };

  return {
    element: isElement(image) || (typeof HTMLCanvasElement !== 'undefined' && image instanceof HTMLCanvasElement) ? image : undefined,
    audioTracks: [],
    start(newSink) {
      sink = newSink;
      void give();
    },
    refresh() {
      void give();
    },
    close() {
      sink = undefined;
    },
  };
}

function isElement(image: StillImage): image is HTMLImageElement {
  return typeof HTMLImageElement !== 'undefined' && image instanceof HTMLImageElement;
}
