/**
 * Measures the line on this machine and writes the table.
 *
 *     npm run bench -- [--frames 120] [--style comic,anime] [--quality lite,standard] [--only wasm-1,wasm,webgpu] [--limit 90] [--out test/bench/RESULTS.md]
 */
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { openTestPage } from '../helpers/launch';
import { ROOT } from '../helpers/serve';
import { measureInWorker } from './in-worker';
import { describeMachine, type Machine } from './machine';
import type { BenchPlan } from './page/measure';
import { labelOf, PLACES, placesOf, type Place } from './places';
import { formatResults, type Entry } from './table';

const CLIP = 'demo/media/sample.webm';

/** What is measured at each place. */
interface Wanted {
  readonly styles: readonly string[];
  readonly qualities: readonly BenchPlan['quality'][];
  readonly frames: number;
  readonly limitS: number;
}

async function measureAt(place: Place, { styles, qualities, frames, limitS }: Wanted): Promise<{ entries: Entry[]; machine: Machine }> {
  const test = await openTestPage({ webgpu: place.backend === 'webgpu', crossOriginIsolated: place.crossOriginIsolated });
  const { page, browser, server } = test;
  try {
    const entries: Entry[] = [];
    for (const [style, quality] of styles.flatMap((each) => qualities.map((size) => [each, size] as const))) {
      const plan: BenchPlan = {
        assetBase: `${server.origin}/assets/`,
        clipUrl: `${server.origin}/${CLIP}`,
        backend: place.backend,
        style,
        quality,
        frames,
        limitS,
      };
      const result = await measureInWorker(page, 'measure', plan);
      if (entries.some((known) => known.result.modelId === result.modelId)) continue; // the style has only one size
      const entry = { label: labelOf(result.threads), result };
      entries.push(entry);
      const { line, drawn, landmarker, network, lineRatio, drawnRatio, modelId } = result;
      console.log(`${entry.label}, ${modelId}: line ${line.p50.toFixed(1)} ms, landmarker ${landmarker.p50.toFixed(1)} + network ${network.p50.toFixed(1)} ms, ratio ${lineRatio.toFixed(2)}; with drawing ${drawn.p50.toFixed(1)} ms, ratio ${drawnRatio.toFixed(2)}`);
    }
    return { entries, machine: await describeMachine(browser) };
  } finally {
    await test.close();
  }
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      frames: { type: 'string', default: '120' },
      style: { type: 'string', default: 'comic,anime' },
      only: { type: 'string', default: PLACES.map(({ id }) => id).join(',') },
      quality: { type: 'string', default: 'lite,standard' },
      limit: { type: 'string', default: '90' },
      out: { type: 'string', default: join(ROOT, 'test/bench/RESULTS.md') },
    },
  });
  const frames = Number(values.frames);
  if (!Number.isInteger(frames) || frames < 2) throw new Error(`--frames must be a whole number above 1, was "${values.frames}".`);
  const limitS = Number(values.limit);
  if (!(limitS > 0)) throw new Error(`--limit must be a number of seconds above 0, was "${values.limit}".`);
  const places = placesOf(values.only);
  const qualities = values.quality.split(',');
  if (!qualities.every((quality): quality is BenchPlan['quality'] => quality === 'lite' || quality === 'standard')) throw new Error(`--quality knows lite and standard, not "${values.quality}".`);
  if (!existsSync(join(ROOT, 'dist/assets/models/manifest.json'))) throw new Error('The assets are not built yet. Run: npm run build');

  const entries: Entry[] = [];
  let machine: Machine | undefined;
  for (const place of places) {
    const measured = await measureAt(place, { styles: values.style.split(','), qualities, frames, limitS });
    entries.push(...measured.entries);
    machine = measured.machine;
  }
  if (!machine) throw new Error('Nothing was measured.');
  const command = ['npm run bench --', `--frames ${frames}`, `--limit ${limitS}`, ...(values.style === 'comic,anime' ? [] : [`--style ${values.style}`])].join(' ');
  const run = { command, date: new Date().toISOString().slice(0, 10), clip: CLIP };
  writeFileSync(values.out, formatResults(entries, machine, run));
  console.log(`Written to ${values.out}`);
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
