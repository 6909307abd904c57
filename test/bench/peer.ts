/**
 * Times another network beside ours on the same portrait, all in turn in one worker, and writes the table.
 * The other network is named by its path; it is neither kept nor shipped. Needs a built `dist/`.
 *
 *     npx tsx test/bench/peer.ts --peer FILE.onnx [--styles comic,anime] [--rounds 30] [--only wasm-1,wasm]
 *         [--sheet FILE.png] [--out test/bench/PEER.md]
 */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { parseArgs } from 'node:util';
import { openTestPage } from '../helpers/launch';
import { ROOT } from '../helpers/serve';
import { measureInWorker } from './in-worker';
import { describeMachine, type Machine } from './machine';
import type { PeerSpeed } from './page/peer-speed';
import { labelOf, PLACES, placesOf } from './places';
import { pair, row } from './table';

const PEOPLE = 'demo/media/people';
/** A graphics card that a program plays says nothing about networks. */
const WASM = PLACES.filter(({ backend }) => backend === 'wasm');

/** What the command line asks for. */
interface Wanted {
  readonly peer: Uint8Array;
  readonly styles: readonly string[];
  readonly rounds: number;
  readonly draws: boolean;
}

async function measureAt(crossOriginIsolated: boolean, { peer, styles, rounds, draws }: Wanted): Promise<{ speed: PeerSpeed; machine: Machine }> {
  const test = await openTestPage({ crossOriginIsolated });
  try {
    test.server.overrides.set('/peer.onnx', { body: peer, type: 'application/octet-stream' });
    const people = readdirSync(join(ROOT, PEOPLE)).filter((name) => name.endsWith('.jpg')).sort();
    const speed = await measureInWorker(test.page, 'measurePeer', {
      assetBase: `${test.server.origin}/assets/`,
      styles,
      peerUrl: '/peer.onnx',
      pictureUrls: people.map((name) => `/${PEOPLE}/${name}`),
      rounds,
      draws,
    });
    return { speed, machine: await describeMachine(test.browser) };
  } finally {
    await test.close();
  }
}

function rowsOf({ threads, other, ours }: PeerSpeed, name: string): string[] {
  const place = labelOf(threads);
  return [
    row(place, name, '–', pair(other), '1.0'),
    ...ours.map(({ modelId, gmacs, times, ratio }) => row(place, modelId, gmacs.toFixed(2), pair(times), ratio.toFixed(1))),
  ];
}

function formatTable(speeds: readonly PeerSpeed[], name: string, { processor, cores, browser, commit }: Machine, command: string): string {
  return [
    '# Beside another network',
    '',
    `\`${command}\`, ${new Date().toISOString().slice(0, 10)}, commit ${commit}; ${processor}, ${cores} cores, ${browser}.`,
    `\`${name}\` is fed ${speeds[0]!.inputShape.join('×')}; ours are fed the same portrait, cut out at 256×256, with the style as its pack sets it. Each network alone, all`,
    `of them in turn (A B C, then C B A) in one worker, ${speeds[0]!.other.count} rounds. Milliseconds, median / 95th percentile; other work on the machine stretches all of them.`,
    '',
    row('runs on', 'network', 'GMAC', 'ms', 'times faster'),
    row('---', '---', '---:', '---:', '---:'),
    ...speeds.flatMap((speed) => rowsOf(speed, name)),
    '',
  ].join('\n');
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      peer: { type: 'string' },
      styles: { type: 'string', default: 'comic,anime' },
      rounds: { type: 'string', default: '30' },
      only: { type: 'string', default: WASM.map(({ id }) => id).join(',') },
      sheet: { type: 'string' },
      out: { type: 'string', default: join(ROOT, 'test/bench/PEER.md') },
    },
  });
  if (values.peer === undefined || !existsSync(values.peer)) throw new Error(`--peer must name an ONNX file, was ${values.peer === undefined ? 'left out' : `"${values.peer}"`}.`);
  const rounds = Number(values.rounds);
  if (!Number.isInteger(rounds) || rounds < 1) throw new Error(`--rounds must be a whole number above 0, was "${values.rounds}".`);
  const places = placesOf(values.only, WASM);
  if (!existsSync(join(ROOT, 'dist/assets/models/manifest.json'))) throw new Error('The assets are not built yet. Run: npm run build');

  const peer = new Uint8Array(readFileSync(values.peer));
  const speeds: PeerSpeed[] = [];
  let machine: Machine | undefined;
  for (const [i, place] of places.entries()) {
    const draws = values.sheet !== undefined && i === 0;
    const measured = await measureAt(place.crossOriginIsolated, { peer, styles: values.styles.split(','), rounds, draws });
    if (measured.speed.sheet !== null) writeFileSync(values.sheet!, Buffer.from(measured.speed.sheet, 'base64'));
    speeds.push(measured.speed);
    machine = measured.machine;
    console.log(rowsOf(measured.speed, basename(values.peer)).join('\n'));
  }
  const command = `npx tsx test/bench/peer.ts --peer ${basename(values.peer)} --rounds ${rounds}`;
  writeFileSync(values.out, formatTable(speeds, basename(values.peer), machine!, command));
  console.log(`Written to ${values.out}`);
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
