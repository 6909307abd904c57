import { describe, expect, it } from 'vitest';
import type { BenchResult } from '../../bench/page/measure';
import { timesOf } from '../../bench/page/samples';
import { formatResults } from '../../bench/table';

const times = (p50: number) => ({ p50, p95: p50 * 2, count: 120 });
const result: BenchResult = {
  modelId: 'comic-lite',
  gmacs: 0.24,
  threads: 2,
  device: 'WebAssembly',
  facesSeen: 120,
  landmarker: times(11),
  network: times(9),
  line: times(25),
  drawn: times(30),
  lineRatio: 1.25,
  drawnRatio: 1.5,
  stages: { track: times(11), crop: times(0.05), generate: times(12), smooth: times(0.2), composite: null },
};
const machine = { processor: 'Some CPU', cores: 2, memoryGib: 8, browser: 'Chrome/1', node: 'v20', commit: 'abc' };

describe('percentiles', () => {
  it('are of the nearest rank', () => {
    expect(timesOf([5, 1, 4, 2, 3])).toEqual({ p50: 3, p95: 5, count: 5 });
    expect(timesOf(Array.from({ length: 100 }, (_, i) => i + 1))).toMatchObject({ p50: 50, p95: 95 });
  });
});

describe('benchmark table', () => {
  const text = formatResults([{ label: 'WASM, 2 threads', result }], machine, { command: 'npm run bench', date: '2026-01-01', clip: 'c.webm' });

  it('puts the whole line beside the sum of its bare parts', () => {
    expect(text).toContain('| WASM, 2 threads | comic-lite | 11 / 22 | 9.0 / 18 | 20 | 25 / 50 | 1.25 | 40.0 | 30 / 60 | 1.50 |');
  });

  it('shows a stage that never ran as a dash', () => {
    expect(text).toContain('| WASM, 2 threads | comic-lite | 11 / 22 | 0.1 / 0.1 | 12 / 24 | 0.2 / 0.4 | – |');
  });
});
