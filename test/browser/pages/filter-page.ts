/** What tests of the whole filter do in the page: the built SDK on sources whose content is known. */
import { filter, firstValueFrom, timeout, type Observable } from 'rxjs';
import type { FilterError, FilterHandle, FilterState, FilterStats, FrameProcessor, StyleFilterOptions } from '../../../sdk/index';
import { openStage, type Pose } from './track-page';

type Sdk = typeof import('../../../sdk/index');

// By a variable, so that it is the built library and not bundled in here.
const SDK_URL = '/sdk/index.js';
const { StyleFilter } = (await import(SDK_URL)) as Sdk;

export { openStage, StyleFilter };

/** Options that every test starts from: the backend that gives the same numbers everywhere. */
export const BASE: StyleFilterOptions = { style: 'comic', backend: 'wasm' };

/** The style whose networks do sums: see `test/helpers/tiny-assets.ts`. */
export const TINY: StyleFilterOptions = { ...BASE, style: 'tiny' };

/** What a promise was rejected with, as plain data. */
export async function refusal(promise: Promise<unknown>): Promise<Pick<FilterError, 'code' | 'message' | 'stage' | 'fatal'>> {
  try {
    await promise;
  } catch (error) {
    const { code, message, stage, fatal } = error as FilterError;
    return { code, message, stage, fatal };
  }
  throw new Error('It was not rejected.');
}

/** A camera of our own: a canvas on which portraits are drawn again and again. */
export interface FakeCamera {
  readonly stream: MediaStream;
  readonly track: MediaStreamTrack;
  /** Where portraits are drawn from now on. */
  poses: readonly Pose[];
  /** Changes the size of the pictures. */
  resize(widthPx: number, heightPx: number): Promise<void>;
  stop(): void;
}

const FRAME_MS = 66;

/** Opens a {@link FakeCamera}. */
export async function openFakeCamera(poses: readonly Pose[], widthPx = 320, heightPx = 240): Promise<FakeCamera> {
  const canvas = document.createElement('canvas');
  canvas.width = widthPx;
  canvas.height = heightPx;
  // Drawn on the processor: in software, WebGL has enough to do with the filter.
  const context = canvas.getContext('2d', { willReadFrequently: true })!;
  let draw = await openStage(widthPx, heightPx);
  let drawn: { readonly poses: readonly Pose[]; readonly image: CanvasImageSource } | undefined;
  const camera: FakeCamera = {
    stream: canvas.captureStream(),
    get track() {
      return this.stream.getVideoTracks()[0]!;
    },
    poses,
    async resize(nextWidthPx, nextHeightPx) {
      draw = await openStage(nextWidthPx, nextHeightPx);
      drawn = undefined;
      canvas.width = nextWidthPx;
      canvas.height = nextHeightPx;
    },
    stop() {
      clearTimeout(timer);
      this.track.stop();
    },
  };
  // Portraits are drawn anew only when they have moved.
  const show = (): void => {
    if (drawn?.poses !== camera.poses) {
      const frame = draw(camera.poses, 0);
      const copy = new OffscreenCanvas(canvas.width, canvas.height);
      copy.getContext('2d', { willReadFrequently: true })!.drawImage(frame.image, 0, 0);
      frame.close();
      drawn = { poses: camera.poses, image: copy };
    }
    context.drawImage(drawn.image, 0, 0);
    timer = setTimeout(show, FRAME_MS);
  };
  let timer = setTimeout(show);
  return camera;
}

/** A portrait in the middle of a 320×240 picture. */
export const ONE_FACE: readonly Pose[] = [{ xPx: 160, yPx: 120, sizePx: 220 }];

/** Three portraits beside each other in a picture of 640×240. */
export const THREE_FACES: readonly Pose[] = [110, 320, 530].map((xPx) => ({ xPx, yPx: 120, sizePx: 200 }));

/** A `<video>` on the page that plays a stream. */
export async function playIn(stream: MediaStream, css = 'width: 320px; height: 240px'): Promise<HTMLVideoElement> {
  const video = document.createElement('video');
  video.style.cssText = css;
  video.muted = true;
  video.srcObject = stream;
  document.body.append(video);
  await video.play();
  return video;
}

const LIMIT_MS = 120_000;

/** The first value that meets a condition. */
export function until<T>(source: Observable<T>, meets: (value: T) => boolean): Promise<T> {
  return firstValueFrom((source).pipe(filter(meets), timeout(LIMIT_MS)));
}

/** Waits for statistics that meet a condition. */
export function untilStats(handle: FilterHandle, meets: (stats: FilterStats) => boolean): Promise<FilterStats> {
  return until(handle.stats$, meets);
}

/** Waits for a state. */
export function untilState(handle: FilterHandle, state: FilterState): Promise<FilterState> {
  return until(handle.state$, (value) => value === state);
}

/** Waits until some frames more went out. */
export async function framesMore(handle: FilterHandle, count: number): Promise<FilterStats> {
  const { frames } = await firstValueFrom(handle.stats$);
  return untilStats(handle, (stats) => stats.frames >= frames + count);
}

/** RGBA bytes of a picture, which is closed. */
export function pixelsOf(picture: VideoFrame | ImageBitmap): ImageData {
  const [widthPx, heightPx] = 'displayWidth' in picture ? [picture.displayWidth, picture.displayHeight] : [picture.width, picture.height];
  const context = new OffscreenCanvas(widthPx, heightPx).getContext('2d', { willReadFrequently: true })!;
  context.drawImage(picture, 0, 0);
  picture.close();
  return context.getImageData(0, 0, widthPx, heightPx);
}

/** Takes one drawn frame through a processor. */
export async function processPoses(processor: FrameProcessor, poses: readonly Pose[], widthPx: number, heightPx: number, timestampUs = 0): Promise<{ pixels: ImageData; faces: number }> {
  const draw = await openStage(widthPx, heightPx);
  const { picture, faces } = await processor.process(draw(poses, timestampUs).image);
  return { pixels: pixelsOf(picture), faces };
}

/** The largest difference of a colour channel at each pixel. */
export function differences(a: ImageData, b: ImageData): Uint8Array {
  return Uint8Array.from({ length: a.width * a.height }, (_, i) => Math.max(...[0, 1, 2].map((channel) => Math.abs(a.data[4 * i + channel]! - b.data[4 * i + channel]!))));
}

/** The square that the look `grey` draws, found by its colour: middle and side in pixels. */
export function greySquare({ data, width, height }: ImageData): { xPx: number; yPx: number; sidePx: number } {
  let [count, sumX, sumY] = [0, 0, 0];
  for (let i = 0; i < width * height; i += 1) {
    if ([0, 1, 2].some((channel) => Math.abs(data[4 * i + channel]! - 127.5) > 2)) continue;
    count += 1;
    sumX += i % width;
    sumY += Math.floor(i / width);
  }
  return { xPx: sumX / count, yPx: sumY / count, sidePx: Math.sqrt(count) };
}
