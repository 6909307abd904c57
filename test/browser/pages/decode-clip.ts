import { ALL_FORMATS, CanvasSink, Input, UrlSource } from 'mediabunny';

const WIDTH_PX = 640;
const HEIGHT_PX = 480;

function toJpeg(canvas: HTMLCanvasElement | OffscreenCanvas): Promise<Blob> {
  if (canvas instanceof OffscreenCanvas) return canvas.convertToBlob({ type: 'image/jpeg', quality: 0.92 });
  return new Promise((done, fail) => {
    canvas.toBlob((blob) => (blob ? done(blob) : fail(new Error('A frame could not be encoded.'))), 'image/jpeg', 0.92);
  });
}

async function toBase64(blob: Blob): Promise<string> {
  const url = await new Promise<string>((done, fail) => {
    const reader = new FileReader();
    reader.onload = () => done(reader.result as string);
    reader.onerror = () => fail(new Error('The encoded clip could not be read back.'));
    reader.readAsDataURL(blob);
  });
  return url.slice(url.indexOf(',') + 1);
}

/**
 * Decodes the first `count` frames of a video into one MJPEG stream of 640×480.
 * @returns the stream, base64
 */
export async function clipToMjpeg(url: string, count: number): Promise<string> {
  const input = new Input({ source: new UrlSource(new URL(url, location.href)), formats: ALL_FORMATS });
  const track = await input.getPrimaryVideoTrack();
  if (track === null) throw new Error(`${url} has no video track.`);
  const sink = new CanvasSink(track, { width: WIDTH_PX, height: HEIGHT_PX, fit: 'cover', poolSize: 1 });
  const pictures: Blob[] = [];
  for await (const { canvas } of sink.canvases()) {
    if (pictures.length === count) break;
    pictures.push(await toJpeg(canvas));
  }
  return toBase64(new Blob(pictures));
}
