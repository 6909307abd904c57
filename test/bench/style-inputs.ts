/**
 * Measures what handing the student its style at each frame costs, beside keeping it on the device, and writes the table.
 * Needs a built `dist/`.
 *
 *     npx tsx test/bench/style-inputs.ts [--style anime] [--quality standard] [--rounds 12] [--only wasm-1,wasm,webgpu] [--out test/bench/STYLE-INPUTS.md]
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { openTestPage } from '../helpers/launch';
import { ROOT } from '../helpers/serve';
import { measureInWorker } from './in-worker';
import { describeMachine, type Machine } from './machine';
import type { StyleInputsPlan, StyleInputsResult } from './page/style-inputs';
import { labelOf, PLACES, placesOf } from './places';
import { pair, row } from './table';

function rowOf({ modelId, device, threads, styleBytes, handedOver, kept, copy }: StyleInputsResult): string {
  const place = labelOf(threads) + (threads === 0 ? `, ${device}` : '');
  const saved = kept === null ? '–' : (handedOver.p50 - kept.p50).toFixed(1);
  return row(place, modelId, (styleBytes / 2 ** 20).toFixed(1), pair(copy), pair(handedOver), pair(kept), saved);
}

function formatTable(results: readonly StyleInputsResult[], { processor, cores, browser, commit }: Machine, command: string): string {
  return [
    '# The style’s inputs at each frame',
    '',
    `\`${command}\`, ${new Date().toISOString().slice(0, 10)}, commit ${commit}; ${processor}, ${cores} cores, ${browser}.`,
    'Of a student’s inputs only the crop and the pose change from frame to frame. On WebGPU the library keeps the rest in buffers of the device for as long as the',
    'style stays; on WASM the runtime copies every input into its memory at each run and offers no other way. Measured in turn (A B C, then C B A) in one worker,',
    'milliseconds, median / 95th percentile. *Copy alone*: the style’s bytes written to buffers and waited for, or copied into a WASM memory; beside a network',
    'that the processor computes, what is saved drowns in the spread of the network, and the copy alone is the figure to trust.',
    '',
    row('runs on', 'network', 'style, MiB', 'copy alone', 'network, handed over', 'network, kept', 'saved'),
    row('---', '---', '---:', '---:', '---:', '---:', '---:'),
    ...results.map(rowOf),
    '',
  ].join('\n');
}

const { values } = parseArgs({
  options: {
    style: { type: 'string', default: 'anime' },
    quality: { type: 'string', default: 'standard' },
    rounds: { type: 'string', default: '12' },
    only: { type: 'string', default: PLACES.map(({ id }) => id).join(',') },
    out: { type: 'string', default: join(ROOT, 'test/bench/STYLE-INPUTS.md') },
  },
});
const results: StyleInputsResult[] = [];
let machine: Machine | undefined;
for (const { backend, crossOriginIsolated } of placesOf(values.only)) {
  const test = await openTestPage({ webgpu: backend === 'webgpu', crossOriginIsolated });
  try {
    const plan: StyleInputsPlan = {
      assetBase: `${test.server.origin}/assets/`,
      pictureUrl: '/demo/media/people/person-1.jpg',
      style: values.style,
      quality: values.quality as StyleInputsPlan['quality'],
      backend,
      rounds: Number(values.rounds),
    };
    const result = await measureInWorker(test.page, 'measureStyleInputs', plan);
    console.log(rowOf(result));
    results.push(result);
    machine = await describeMachine(test.browser);
  } finally {
    await test.close();
  }
}
writeFileSync(values.out, formatTable(results, machine!, `npx tsx test/bench/style-inputs.ts --rounds ${values.rounds}`));
console.log(`Written to ${values.out}`);
