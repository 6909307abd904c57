import { ALL_FORMATS, Input, UrlSource, VideoSampleSink } from 'mediabunny';
import { createCropper } from '../../../sdk/crop/cropper';
import { createFaceTracker, type FaceTracker, type FaceTrackerOptions } from '../../../sdk/track/face-tracker';
import type { Frame } from '../../../sdk/types';

export { createFaceTracker };

/** Placement of the still portrait on a canvas: its middle, its edge length and its turn. */
export interface Pose {
  readonly xPx: number;
  readonly yPx: number;
  readonly sizePx: number;
  readonly rollRad?: number;
  readonly mirrored?: boolean;
}

/** A tracker on the test server's files. */
export function openTracker(options: Partial<FaceTrackerOptions> = {}): Promise<FaceTracker> {
  return createFaceTracker({
    wasmBase: new URL('/node_modules/@mediapipe/tasks-vision/wasm', location.origin).href,
    modelUrl: '/reduced.task',
    ...options,
  });
}

/** Makes frames that show the portrait of `test/fixtures/face.jpg` once for each pose. */
export async function openStage(widthPx: number, heightPx: number): Promise<(poses: readonly Pose[], timestampUs: number) => Frame> {
  const face = await createImageBitmap(await (await fetch('/test/fixtures/face.jpg')).blob());
  return (poses, timestampUs) => {
    const canvas = new OffscreenCanvas(widthPx, heightPx);
    const context = canvas.getContext('2d')!;
    context.fillStyle = '#8a8f98';
    context.fillRect(0, 0, widthPx, heightPx);
    for (const { xPx, yPx, sizePx, rollRad = 0, mirrored = false } of poses) {
      context.setTransform(1, 0, 0, 1, xPx, yPx);
      context.rotate(rollRad);
      context.scale(mirrored ? -1 : 1, 1);
      context.drawImage(face, -sizePx / 2, -sizePx / 2, sizePx, sizePx);
      context.setTransform(1, 0, 0, 1, 0, 0);
    }
    const image = new VideoFrame(canvas, { timestamp: timestampUs });
    return { image, timestampUs, widthPx, heightPx, close: () => image.close() };
  };
}

/** What was seen in one frame of a clip. */
export interface Sighting {
  readonly ids: readonly number[];
  /** Of the first face: crop units per pixel and the like, see `FaceCrop.cropFromFrame`; empty without a face. */
  readonly cropFromFrame: readonly number[];
  readonly points: number;
  readonly blendshapes: number;
}

/** Tracks the first `count` frames of a clip, crops unsmoothed. */
export async function trackClip(clipUrl: string, modelUrl: string, count: number): Promise<Sighting[]> {
  const input = new Input({ source: new UrlSource(new URL(clipUrl, location.origin)), formats: ALL_FORMATS });
  const track = await input.getPrimaryVideoTrack();
  if (track === null) throw new Error(`${clipUrl} has no video track.`);
  const tracker = await openTracker({ modelUrl: new URL(modelUrl, location.origin).href });
  const cropper = createCropper({ smoothing: false });
  const sightings: Sighting[] = [];
  for await (const sample of new VideoSampleSink(track).samples()) {
    const image = sample.toVideoFrame();
    sample.close();
    const frame: Frame = {
      image,
      timestampUs: image.timestamp,
      widthPx: image.displayWidth,
      heightPx: image.displayHeight,
      close: () => image.close(),
    };
    const faces = tracker.detect(frame);
    frame.close();
    const [first] = faces;
    sightings.push({
      ids: faces.map(({ id }) => id),
      cropFromFrame: first === undefined ? [] : cropper.crop(first, frame).cropFromFrame,
      points: (first?.landmarks.length ?? 0) / 3,
      blendshapes: first?.blendshapes.size ?? 0,
    });
    if (sightings.length === count) break;
  }
  tracker.close();
  return sightings;
}

/** {@link trackClip} in a module worker. */
export async function trackClipInWorker(clipUrl: string, modelUrl: string, count: number): Promise<Sighting[]> {
  const worker = new Worker('/bundle/test/browser/pages/track-worker.ts', { type: 'module' });
  try {
    return await new Promise<Sighting[]>((done, fail) => {
      worker.onmessage = ({ data }: MessageEvent<{ sightings?: Sighting[]; error?: string }>) =>
        data.sightings ? done(data.sightings) : fail(new Error(data.error));
      worker.onerror = (event) => fail(new Error(event.message));
      worker.postMessage([clipUrl, modelUrl, count]);
    });
  } finally {
    worker.terminate();
  }
}

/** Name, code and sentence of what a promise rejects with. */
export async function failureOf(promise: Promise<unknown>): Promise<{ name: string; code?: string; message: string } | undefined> {
  try {
    await promise;
    return undefined;
  } catch (error) {
    const { name, message, code } = error as Error & { code?: string };
    return { name, message, ...(code === undefined ? {} : { code }) };
  }
}
