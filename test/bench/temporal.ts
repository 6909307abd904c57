/**
 * Measures what the temporal filter does to the styled face: flicker at rest, sharpness, error along the movement, lag.
 * Needs a built `dist/`. Prints a table.
 *
 *     npx tsx test/bench/temporal.ts [--style comic] [--quality lite,standard] [--frames 60] [--strengths 0.5,1]
 */
import { parseArgs } from 'node:util';
import { REAL_CLIP } from '../helpers/clip';
import { inPage } from '../helpers/in-page';
import { openTestPage } from '../helpers/launch';
import type { TemporalPlan, TemporalResult } from './page/temporal-quality';

const NOISE_SIGMA = 2;

function rowsOf({ modelId, measures, input }: TemporalResult): string[] {
  return [
    `| ${modelId}, the input itself | ${input.deviation.toFixed(2)} | – | ${input.warpingError.toFixed(2)} | – | – |`,
    ...measures.map(({ strength, ...found }) => {
      const name = strength === 0 ? 'no filter' : `strength ${strength}`;
      const cells = [found.deviation, found.sharpness, found.warpingError, found.lagInClip, found.lagInMotion].map((value) => value.toFixed(2));
      return `| ${modelId}, ${name} | ${cells.join(' | ')} |`;
    }),
  ];
}

const { values } = parseArgs({
  options: {
    style: { type: 'string', default: 'comic' },
    quality: { type: 'string', default: 'lite,standard' },
    frames: { type: 'string', default: '60' },
    strengths: { type: 'string', default: '0.5,1' },
    clip: { type: 'string', default: REAL_CLIP },
  },
});
const test = await openTestPage();
try {
  console.log(`Clip: ${values.clip}, ${values.frames} frames; sensor noise σ ${NOISE_SIGMA}/255 on a frozen frame.\n`);
  console.log('| | flicker at rest, of 255 | sharpness | error along movement, of 255 | lag in the clip, frames | lag in motion, frames |');
  console.log('|---|---:|---:|---:|---:|---:|');
  for (const quality of values.quality.split(',') as TemporalPlan['quality'][]) {
    const plan: TemporalPlan = {
      assetBase: `${test.server.origin}/assets/`,
      clipUrl: `${test.server.origin}/${values.clip}`,
      style: values.style,
      quality,
      frames: Number(values.frames),
      noiseSigma: NOISE_SIGMA,
      strengths: values.strengths.split(',').map(Number),
    };
    const result = await inPage(test.page, 'test/bench/page/temporal-quality.ts', ({ measureTemporal }: typeof import('./page/temporal-quality'), work) => measureTemporal(work), plan);
    console.log(rowsOf(result).join('\n'));
  }
} finally {
  await test.close();
}
