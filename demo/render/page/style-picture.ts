/** Page side: takes one picture through the filter. */
import { sendBytes } from './send-bytes';
import type { FrameRunner } from './frame-runner';

const JPEG_QUALITY = 0.92;

async function readPicture(url: string): Promise<ImageBitmap> {
  const response = await fetch(url);
  try {
    return await createImageBitmap(await response.blob());
  } catch {
    throw new Error('it is not a picture that can be read. Convert it to PNG or JPEG first');
  }
}

/**
 * Styles a picture.
 * @throws Error whose message completes “FILE could not be styled: …”
 */
export async function stylePicture(
  inputUrl: string,
  type: 'image/png' | 'image/jpeg',
  openRunner: () => Promise<FrameRunner>,
): Promise<{ runner: FrameRunner; notes: readonly string[] }> {
  const bitmap = await readPicture(inputUrl);
  const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
  const frame = new VideoFrame(bitmap, { timestamp: 0 });
  bitmap.close();
  const runner = await openRunner();
  const picture = await runner.run(frame);
  try {
    canvas.getContext('2d')!.drawImage(picture, 0, 0);
  } finally {
    picture.close();
  }
  await sendBytes(await canvas.convertToBlob({ type, quality: JPEG_QUALITY }), 0);
  return { runner, notes: [] };
}
