import type { CropConvention } from '../assets/manifest';
import type { HeadPose } from '../pose/head-pose';
import type { CropSquare } from './ffhq-align';

/**
 * The square of the convention `eyes`: unlike FFHQ's it does not move when the mouth opens, and does not shrink when the
 * head turns, so drawn hair stays where it is. The twin of `distill/student/anime/crop.py`; `test/fixtures/pose.json`
 * fails if either moves.
 */
export function eyesSquare({ eyeMiddle: [x, y], eyeDistance, rollRad }: Pick<HeadPose, 'eyeMiddle' | 'eyeDistance' | 'rollRad'>, crop: CropConvention & { readonly convention: 'eyes' }): CropSquare {
  const sidePx = eyeDistance / crop.eyeDistance;
  const alongPx = (0.5 - crop.eyeMiddle[0]) * sidePx;
  const downPx = (0.5 - crop.eyeMiddle[1]) * sidePx;
  const [cos, sin] = [Math.cos(rollRad), Math.sin(rollRad)];
  return { centreXPx: x + cos * alongPx - sin * downPx, centreYPx: y + sin * alongPx + cos * downPx, sidePx, rollRad };
}
