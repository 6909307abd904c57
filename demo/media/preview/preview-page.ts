/** Page side of the preview: pictures of a styled clip, each with the frame it was made from in a corner. */
import { ALL_FORMATS, Input, UrlSource, VideoSampleSink } from 'mediabunny';

/** What to draw. */
export interface PreviewPlan {
  readonly sourceUrl: string;
  readonly styledUrl: string;
  /** Edge of the picture in pixels: the middle square of the clip. */
  readonly sizePx: number;
  readonly startS: number;
  readonly count: number;
  readonly fps: number;
  /** 0…1. */
  readonly quality: number;
}

/** Part of the picture's edge that the frame in the corner takes. */
const INSET = 0.3;
const BORDER_PX = 3;

async function openSink(url: string): Promise<{ readonly sink: VideoSampleSink; close(): void }> {
  const input = new Input({ source: new UrlSource(url), formats: ALL_FORMATS });
  const track = await input.getPrimaryVideoTrack();
  if (track === null) throw new Error(`${url} has no video track.`);
  return { sink: new VideoSampleSink(track), close: () => input.dispose() };
}

/** Draws the pictures; each a WebP in base64. */
export async function drawPreview({ sourceUrl, styledUrl, sizePx, startS, count, fps, quality }: PreviewPlan): Promise<string[]> {
  const canvas = new OffscreenCanvas(sizePx, sizePx);
  const context = canvas.getContext('2d', { alpha: false })!;
  context.imageSmoothingQuality = 'high';
  const clips = [await openSink(sourceUrl), await openSink(styledUrl)];
  const draw = async (clip: VideoSampleSink, atS: number, leftPx: number, topPx: number, edgePx: number): Promise<void> => {
    const sample = await clip.getSample(atS);
    if (sample === null) throw new Error(`The clip has no picture at ${atS} s.`);
    const picture = sample.toVideoFrame();
    const side = Math.min(picture.displayWidth, picture.displayHeight);
    context.drawImage(picture, (picture.displayWidth - side) / 2, (picture.displayHeight - side) / 2, side, side, leftPx, topPx, edgePx, edgePx);
    picture.close();
    sample.close();
  };
  const pictures: string[] = [];
  const insetPx = Math.round(INSET * sizePx);
  for (let i = 0; i < count; i += 1) {
    const atS = startS + i / fps;
    await draw(clips[1]!.sink, atS, 0, 0, sizePx);
    context.fillStyle = 'white';
    context.fillRect(0, sizePx - insetPx - BORDER_PX, insetPx + BORDER_PX, insetPx + BORDER_PX);
    await draw(clips[0]!.sink, atS, 0, sizePx - insetPx, insetPx);
    const bytes = new Uint8Array(await (await canvas.convertToBlob({ type: 'image/webp', quality })).arrayBuffer());
    pictures.push(btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join('')));
  }
  for (const clip of clips) clip.close();
  return pictures;
}
