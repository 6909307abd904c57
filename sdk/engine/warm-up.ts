import { FrameLedger } from '../source/frame';
import type { FaceCrop } from '../types';
import type { StageSet } from './stage-set';

const SIZE_PX = 256;

/** The whole frame as a crop. */
const WHOLE: FaceCrop = { faceId: -1, cropFromFrame: [1 / SIZE_PX, 0, 0, 0, 1 / SIZE_PX, 0], landmarksCrop: new Float32Array(2 * 478) };

/** Runs each stage once on a blank picture, so that the first real frame finds graphs, shaders and buffers ready. */
export async function warmUp(stages: StageSet): Promise<void> {
  const blank = new OffscreenCanvas(SIZE_PX, SIZE_PX);
  const context = blank.getContext('2d')!;
  context.fillStyle = 'rgb(128, 128, 128)';
  context.fillRect(0, 0, SIZE_PX, SIZE_PX);
  const frame = new FrameLedger().take(blank.transferToImageBitmap(), 0);
  try {
    stages.track(frame);
    const styled = await stages.generate(frame, WHOLE);
    await stages.composite(frame, stages.smooth([styled], frame));
    stages.drawCard(frame);
    await stages.clear(frame);
    stages.reset();
  } finally {
    frame.close();
  }
}
