/** Page side of the sample clip: renders the performance frame by frame and encodes it. */
import { BufferTarget, CanvasSource, Output, Quality, WebMOutputFormat } from 'mediabunny';
import { createAvatarScene } from './avatar-scene';
import { PERFORMANCE_S, poseAt } from './performance';

/** What to render. */
export interface ClipOptions {
  readonly url: string;
  readonly widthPx: number;
  readonly heightPx: number;
  readonly fps: number;
  readonly bitrate: number;
}

function toBase64(bytes: Uint8Array): string {
  let text = '';
  for (let i = 0; i < bytes.length; i += 0x8000) text += String.fromCharCode(...bytes.subarray(i, i + 0x8000));
  return btoa(text);
}

/** Renders the whole clip; returns the WebM file in base64. */
export async function renderClip({ url, widthPx, heightPx, fps, bitrate }: ClipOptions): Promise<string> {
  const scene = await createAvatarScene({ url, widthPx, heightPx });
  const target = new BufferTarget();
  const output = new Output({ format: new WebMOutputFormat(), target });
  const source = new CanvasSource(scene.canvas, {
    codec: 'vp9',
    quality: new Quality({ bitrate, bitrateMode: 'variable' }),
    keyFrameInterval: 4,
    latencyMode: 'quality',
  });
  output.addVideoTrack(source, { frameRate: fps });
  await output.start();
  const frames = Math.round(PERFORMANCE_S * fps);
  for (let i = 0; i < frames; i++) {
    scene.render(poseAt(i / fps));
    await source.add(i / fps, 1 / fps);
  }
  await output.finalize();
  return toBase64(new Uint8Array(target.buffer!));
}

/** Renders one moment; returns a PNG data URL. */
export async function renderStill({ url, widthPx, heightPx }: ClipOptions, timeS: number): Promise<string> {
  const scene = await createAvatarScene({ url, widthPx, heightPx });
  scene.render(poseAt(timeS));
  return scene.canvas.toDataURL('image/png');
}
