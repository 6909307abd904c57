import { EngineClient } from './engine/engine-client';
import { FilterEvents } from './filter-events';
import { FilterHandle } from './filter-handle';
import { FrameProcessor } from './frame-processor';
import { assetFolder, resolveOptions, type EncodeOptions, type StyleFilterOptions, type StyleOptions } from './options';
import { createOverlay } from './sink/overlay';
import { readImage, type StillImage } from './source/image-source';
import { openSource, type FilterSource } from './source/open-source';

/** Lies over the element while there is no picture that may be seen. */
const CARD_COLOR = 'rgb(128, 128, 128)';

/**
 * Restyles the faces of a source and keeps doing so. Resolves when the first frame can be styled at full speed.
 * @param source A `<video>`, `MediaStreamTrack`, `MediaStream`, `{ camera: true }`, picture, or stream of frames.
 * @param options `style` is needed, all else has defaults.
 * @throws {FilterError} `bad-option`, `unsupported`, the camera's errors, errors of loading, `aborted`.
 */
export async function attach(source: FilterSource, options: StyleFilterOptions): Promise<FilterHandle> {
  const { settings, attach: fixed } = resolveOptions(options, defaultAssetBase());
  const frames = await openSource(source, fixed.signal);
  const canvas = document.createElement('canvas');
  const cover = settings.privacy === 'pass' ? null : CARD_COLOR;
  const overlay = fixed.output === 'overlay' && frames.element !== undefined ? createOverlay(frames.element, canvas, cover) : undefined;
  const events = new FilterEvents();
  try {
    const { client, info } = await EngineClient.start({
      settings,
      attach: fixed,
      mode: 'video',
      canvas,
      onError: (error) => events.errors.next(error),
    });
    return new FilterHandle({ client, info, source: frames, overlay, canvas, events, settings });
  } catch (error) {
    overlay?.close();
    frames.close();
    throw error;
  }
}

/**
 * Restyles the faces of one picture.
 * @param image Any picture the browser can decode.
 * @param options As for `attach`; `maxFaces` is 4 by default.
 * @returns the whole picture at its own size; the caller closes it.
 * @throws {FilterError} as `attach`, and the error of a stage that failed.
 */
export async function stylize(image: StillImage, options: StyleFilterOptions): Promise<ImageBitmap> {
  const bitmap = await readImage(image);
  const processor = await createProcessor({ ...options, maxFaces: options.maxFaces ?? 4 }, 'still').catch((error: unknown) => {
    bitmap.close();
    throw error;
  });
  try {
    const { picture, error } = await processor.process(bitmap);
    try {
      if (error !== undefined) throw error;
      return await createImageBitmap(picture);
    } finally {
      picture.close();
    }
  } finally {
    await processor.close();
  }
}

/**
 * Restyles frame by frame: for rendering files and for call libraries that hand out frames themselves.
 * @param options As for `attach`.
 * @param mode `'video'` (default): frames follow one another and are smoothed over time. `'still'`: each stands alone.
 * @throws {FilterError} as `attach`.
 */
export async function createProcessor(options: StyleFilterOptions, mode: 'video' | 'still' = 'video'): Promise<FrameProcessor> {
  const { settings, attach: fixed } = resolveOptions(options, defaultAssetBase());
  const events = new FilterEvents();
  const { client } = await EngineClient.start({ settings, attach: fixed, mode, canvas: undefined, onError: (error) => events.errors.next(error) });
  return new FrameProcessor(client, events, settings);
}

/**
 * Makes a look of a picture of a character, once: the parts of the style's looks that resemble it, in its colours.
 * Give the result to `attach` or `setStyle`, with more of {@link StyleOptions} if you like; it is plain data and may be kept.
 * @param picture A portrait, its face in the middle; its middle square is used.
 * @param options Which style.
 * @throws {FilterError} `bad-option` if the style has no encoder, the picture's errors, errors of loading, `aborted`.
 */
export async function encode(picture: StillImage, options: EncodeOptions): Promise<StyleOptions> {
  const { encodeStyle } = await import('./generate/encode-style');
  return encodeStyle(picture, options.style, assetFolder(options.assetBase ?? defaultAssetBase()), options.signal);
}

function defaultAssetBase(): string {
  return new URL(/* @vite-ignore */ '../assets/', import.meta.url).href;
}
