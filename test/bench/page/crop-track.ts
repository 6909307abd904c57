import { ALL_FORMATS, Input, UrlSource, VideoSampleSink } from 'mediabunny';
import { CropSmoother } from '../../../sdk/crop/crop-smoother';
import { ffhqSquare, type CropSquare } from '../../../sdk/crop/ffhq-align';
import { createFaceTracker } from '../../../sdk/track/face-tracker';

/** One frame's crop square before and after smoothing. */
export interface CropSample {
  readonly timestampUs: number;
  readonly raw: CropSquare;
  readonly smooth: CropSquare;
}

/** Follows the first face of a clip and smooths its crop. */
export async function trackCrops(clipUrl: string, modelUrl: string, maxFaces: number): Promise<CropSample[]> {
  const input = new Input({ source: new UrlSource(new URL(clipUrl, location.origin)), formats: ALL_FORMATS });
  const track = await input.getPrimaryVideoTrack();
  if (track === null) throw new Error(`${clipUrl} has no video track.`);
  const wasmBase = new URL('/node_modules/@mediapipe/tasks-vision/wasm', location.origin).href;
  const tracker = await createFaceTracker({ wasmBase, modelUrl, maxFaces });
  const smoother = new CropSmoother();
  const samples: CropSample[] = [];
  try {
    for await (const sample of new VideoSampleSink(track).samples()) {
      const image = sample.toVideoFrame();
      sample.close();
      const { timestamp: timestampUs, displayWidth: widthPx, displayHeight: heightPx } = image;
      const [face] = tracker.detect({ image, timestampUs, widthPx, heightPx, close: () => image.close() });
      image.close();
      if (face === undefined) continue;
      const raw = ffhqSquare(face.landmarks, widthPx, heightPx);
      samples.push({ timestampUs, raw, smooth: smoother.smooth(raw, timestampUs) });
    }
  } finally {
    tracker.close();
  }
  return samples;
}
