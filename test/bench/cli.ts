/**
 * Measures the line on this machine and writes the table.
 *
 *     npm run bench -- [--frames 120] [--peer FILE.onnx] [--only wasm-1,wasm,webgpu] [--limit 90] [--out test/bench/RESULTS.md]
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { parseArgs } from 'node:util';
import { openTestPage } from '../helpers/launch';
import { ROOT } from '../helpers/serve';
import { describeMachine, type Machine } from './machine';
import type { BenchAnswer } from './page/bench-worker';
import type { BenchPlan, BenchResult } from './page/measure';
import { formatResults, type Entry } from './table';

const CLIP = 'demo/media/sample.webm';

interface Place {
  readonly id: string;
  readonly backend: 'wasm' | 'webgpu';
  /** Only a cross-origin isolated page gives WASM threads. */
  readonly crossOriginIsolated: boolean;
}

const PLACES: readonly Place[] = [
  { id: 'wasm-1', backend: 'wasm', crossOriginIsolated: false },
  { id: 'wasm', backend: 'wasm', crossOriginIsolated: true },
  { id: 'webgpu', backend: 'webgpu', crossOriginIsolated: true },
];

/** What is measured at each place. */
interface Wanted {
  readonly qualities: readonly BenchPlan['quality'][];
  readonly frames: number;
  readonly limitS: number;
  /** Another network's bytes. */
  readonly peer: Uint8Array | undefined;
}

function labelOf({ backend }: Place, { threads }: BenchResult): string {
  if (backend === 'webgpu') return 'WebGPU';
  return `WASM, ${threads} ${threads === 1 ? 'thread' : 'threads'}`;
}

async function measureAt(place: Place, { qualities, frames, limitS, peer }: Wanted): Promise<{ entries: Entry[]; machine: Machine }> {
  const test = await openTestPage({ webgpu: place.backend === 'webgpu', crossOriginIsolated: place.crossOriginIsolated });
  const { page, browser, server } = test;
  try {
    if (peer) server.overrides.set('/peer.onnx', { body: peer, type: 'application/octet-stream' });
    const entries: Entry[] = [];
    for (const quality of qualities) {
      const plan: BenchPlan = {
        assetBase: `${server.origin}/assets/`,
        clipUrl: `${server.origin}/${CLIP}`,
        backend: place.backend,
        quality,
        frames,
        limitS,
        ...(peer ? { peerUrl: '/peer.onnx' } : {}),
      };
      const answer: BenchAnswer = await page.evaluate((work) => {
        const worker = new Worker('/bundle/test/bench/page/bench-worker.ts', { type: 'module' });
        return new Promise<BenchAnswer>((done) => {
          worker.onmessage = ({ data }: MessageEvent<BenchAnswer>) => done(data);
          worker.onerror = ({ message }) => done({ problem: message });
          worker.postMessage(work);
        }).finally(() => worker.terminate());
      }, plan);
      if ('problem' in answer) throw new Error(`${place.id}, ${quality}: ${answer.problem}`);
      const entry = { label: labelOf(place, answer.result), result: answer.result };
      entries.push(entry);
      const { line, drawn, landmarker, network, lineRatio, drawnRatio, modelId } = answer.result;
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
      peer: { type: 'string' },
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
  const wanted = values.only.split(',');
  const unknown = wanted.find((id) => !PLACES.some((place) => place.id === id));
  if (unknown !== undefined) throw new Error(`--only knows ${PLACES.map(({ id }) => id).join(', ')}, not "${unknown}".`);
  const qualities = values.quality.split(',');
  if (!qualities.every((quality): quality is BenchPlan['quality'] => quality === 'lite' || quality === 'standard')) throw new Error(`--quality knows lite and standard, not "${values.quality}".`);
  if (values.peer !== undefined && !existsSync(values.peer)) throw new Error(`There is no network at ${values.peer}.`);
  if (!existsSync(join(ROOT, 'dist/assets/models/manifest.json'))) throw new Error('The assets are not built yet. Run: npm run build');

  const peer = values.peer === undefined ? undefined : new Uint8Array(readFileSync(values.peer));
  const entries: Entry[] = [];
  let machine: Machine | undefined;
  for (const place of PLACES.filter(({ id }) => wanted.includes(id))) {
    const measured = await measureAt(place, { qualities, frames, limitS, peer });
    entries.push(...measured.entries);
    machine = measured.machine;
  }
  if (!machine) throw new Error('Nothing was measured.');
  const peerName = values.peer === undefined ? undefined : basename(values.peer);
  const command = ['npm run bench --', `--frames ${frames}`, `--limit ${limitS}`, ...(peerName === undefined ? [] : [`--peer ${peerName}`])].join(' ');
  const run = { command, date: new Date().toISOString().slice(0, 10), clip: CLIP, ...(peerName === undefined ? {} : { peerName }) };
  writeFileSync(values.out, formatResults(entries, machine, run));
  console.log(`Written to ${values.out}`);
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
