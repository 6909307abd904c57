/**
 * Measures what smoothing does to the crop of a real webcam clip: how much jitter is left while the face
 * rests, and how far the crop lags while it moves. Prints a table.
 *
 *     npx tsx test/bench/crop-smoothing.ts
 */
import { placeFaceModel } from '../../models/face-model';
import { readFile } from 'node:fs/promises';
import { REAL_CLIP } from '../helpers/clip';
import { inPage } from '../helpers/in-page';
import { openTestPage } from '../helpers/launch';
import type { CropSample } from './page/crop-track';

/** Share of frames, by speed, that count as rest and as movement. */
const REST = 0.4;
const MOVEMENT = 0.9;
/** Standard deviation in frames of the smoothing, symmetric in time and so without lag, that stands for the truth. */
const TRUTH_SIGMA = 1.2;

interface Quantity {
  readonly name: string;
  /** Components in units that make sizes comparable: sides, natural logarithm, radians. */
  readonly of: (square: CropSample['raw'], sidePx: number) => number[];
}

const QUANTITIES: readonly Quantity[] = [
  { name: 'centre, % of the side', of: ({ centreXPx, centreYPx }, sidePx) => [(100 * centreXPx) / sidePx, (100 * centreYPx) / sidePx] },
  { name: 'side, %', of: ({ sidePx }) => [100 * Math.log(sidePx)] },
  { name: 'roll, °', of: ({ rollRad }) => [(180 / Math.PI) * rollRad] },
];

const rms = (values: readonly number[]): number => Math.sqrt(values.reduce((sum, value) => sum + value * value, 0) / values.length);
const distance = (a: readonly number[], b: readonly number[]): number => Math.hypot(...a.map((value, i) => value - b[i]!));
const clampTo = (values: readonly number[][], i: number): number[] => values[Math.min(Math.max(i, 0), values.length - 1)]!;
const quantile = (values: readonly number[], share: number): number => [...values].sort((a, b) => a - b)[Math.floor(share * (values.length - 1))]!;

function truthOf(values: readonly number[][]): number[][] {
  const offsets = Array.from({ length: 13 }, (_, i) => i - 6);
  const weights = offsets.map((offset) => Math.exp(-0.5 * (offset / TRUTH_SIGMA) ** 2));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return values.map((value, i) =>
    value.map((_, component) => offsets.reduce((sum, offset, k) => sum + (weights[k]! / total) * clampTo(values, i + offset)[component]!, 0)),
  );
}

/** Noise per frame, from second differences, over the frames given. */
function jitter(values: readonly number[][], frames: readonly number[]): number {
  return rms(frames.map((i) => Math.hypot(...values[i]!.map((_, c) => values[i + 1]![c]! - 2 * values[i]![c]! + values[i - 1]![c]!)) / Math.sqrt(6)));
}

function rowOf({ name, of }: Quantity, samples: readonly CropSample[]): string {
  const sidePx = quantile(samples.map(({ raw }) => raw.sidePx), 0.5);
  const raw = samples.map((sample) => of(sample.raw, sidePx));
  const smooth = samples.map((sample) => of(sample.smooth, sidePx));
  const truth = truthOf(raw);
  const inner = samples.map((_, i) => i).slice(1, -1);
  const speed = (i: number): number => distance(truth[i + 1]!, truth[i - 1]!) / ((samples[i + 1]!.timestampUs - samples[i - 1]!.timestampUs) / 1e6);
  const speeds = inner.map(speed);
  const resting = inner.filter((i) => speed(i) < quantile(speeds, REST));
  const moving = inner.filter((i) => speed(i) > quantile(speeds, MOVEMENT));
  const behind = moving.map((i) => distance(smooth[i]!, truth[i]!));
  const lagMs = (1000 * moving.reduce((sum, i, k) => sum + behind[k]! * speed(i), 0)) / moving.reduce((sum, i) => sum + speed(i) ** 2, 0);
  const cells = [name, jitter(raw, resting).toFixed(3), jitter(smooth, resting).toFixed(3), quantile(behind, 0.5).toFixed(2), quantile(behind, 0.95).toFixed(2), lagMs.toFixed(0)];
  return `| ${cells.join(' | ')} |`;
}

const test = await openTestPage();
try {
  const model = await placeFaceModel();
  test.server.overrides.set('/face.task', { body: await readFile(model.path), type: 'application/octet-stream' });
  console.log(`Face model: ${model.kind}. Clip: ${REAL_CLIP}.`);
  for (const maxFaces of [1, 2]) {
    const samples = await inPage(
      test.page,
      'test/bench/page/crop-track.ts',
      ({ trackCrops }: typeof import('./page/crop-track'), { clip, faces }) => trackCrops(clip, '/face.task', faces),
      { clip: `/${REAL_CLIP}`, faces: maxFaces },
    );
    console.log(`\nmaxFaces ${maxFaces}, ${samples.length} frames (MediaPipe smooths by itself only with maxFaces 1)\n`);
    console.log('| | jitter at rest, raw | smoothed | behind in movement, median | 95 % | lag in ms |\n|---|---|---|---|---|---|');
    for (const quantity of QUANTITIES) console.log(rowOf(quantity, samples));
  }
} finally {
  await test.close();
}
