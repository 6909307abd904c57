import type { Machine } from './machine';
import type { BenchResult } from './page/measure';

/** One measured way to run. */
export interface Entry {
  /** For example `WASM, 2 threads`. */
  readonly label: string;
  readonly result: BenchResult;
}

/** A time in milliseconds with two digits that mean something. */
export const ms = (value: number): string => (value < 10 ? value.toFixed(1) : value.toFixed(0));
/** Median and 95th percentile. */
export const pair = (times: { p50: number; p95: number } | null): string => (times === null ? '–' : `${ms(times.p50)} / ${ms(times.p95)}`);

/** One line of a table. */
export function row(...cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`;
}

function lineTable(entries: readonly Entry[]): string[] {
  return [
    row('runs on', 'network', 'bare landmarker', 'bare network', 'sum', 'whole line', '÷ sum', 'frames/s', 'with drawing', '÷ sum'),
    row('---', '---', '---:', '---:', '---:', '---:', '---:', '---:', '---:', '---:'),
    ...entries.map(({ label, result: { modelId, landmarker, network, line, lineRatio, drawn, drawnRatio } }) =>
      row(label, modelId, pair(landmarker), pair(network), ms(landmarker.p50 + network.p50), pair(line), lineRatio.toFixed(2), (1000 / line.p50).toFixed(1), pair(drawn), drawnRatio.toFixed(2)),
    ),
  ];
}

function stageTable(entries: readonly Entry[]): string[] {
  return [
    row('runs on', 'network', 'track', 'crop', 'generate', 'smooth', 'composite'),
    row('---', '---', '---:', '---:', '---:', '---:', '---:'),
    ...entries.map(({ label, result: { modelId, stages } }) =>
      row(label, modelId, pair(stages.track), pair(stages.crop), pair(stages.generate), pair(stages.smooth), pair(stages.composite)),
    ),
  ];
}

/** The committed table. */
export function formatResults(entries: readonly Entry[], machine: Machine, run: { command: string; date: string; clip: string }): string {
  const networks = [...new Map(entries.map(({ result }) => [result.modelId, result.gmacs])).entries()];
  const counts = entries.map(({ result }) => result.line.count);
  const [fewest, most] = [Math.min(...counts), Math.max(...counts)];
  return [
    '# Benchmark',
    '',
    'Made by a command, not by hand. Milliseconds a frame, median / 95th percentile. What is compared was measured in turn, but',
    'other work on the machine stretches all figures, and the ratios too: waiting for another process costs more on a busy machine.',
    '',
    row('', ''),
    row('---', '---'),
    row('command', `\`${run.command}\``),
    row('date', run.date),
    row('commit', machine.commit),
    row('processor', `${machine.processor}, ${machine.cores} cores, ${machine.memoryGib} GiB`),
    row('browser', machine.browser),
    row('clip', `${run.clip}, ${fewest === most ? most : `${fewest} to ${most}`} frames, one face`),
    ...networks.map(([id, gmacs]) => row(id, `${gmacs.toFixed(2)} GMAC a face`)),
    ...[...new Set(entries.filter(({ result }) => result.device !== 'WebAssembly').map(({ result }) => result.device))].map((device) => row('WebGPU adapter', device)),
    '',
    '## Whole line',
    '',
    'All three were measured in turn on every frame (A B C, then C B A), in one worker. *Bare landmarker* is MediaPipe alone, *bare network* the student',
    'alone on a ready tensor. *Whole line* is from a frame in until the engine takes the next one; the graphics process draws meanwhile. *With drawing*',
    'waits for that as well, by reading a pixel back, which no page does.',
    '',
    ...lineTable(entries),
    '',
    '## Stages',
    '',
    'As the library itself counts them. Drawing commands are queued, so what they cost shows in *with drawing*, not in *smooth* and *composite*.',
    '',
    ...stageTable(entries),
    '',
  ].join('\n');
}
