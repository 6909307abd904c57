import type { FilterStats, Percentiles, StageName } from '../../sdk/index';
import { make } from './dom';

const STAGES: readonly (readonly [name: StageName, label: string])[] = [
  ['track', 'Track the face'],
  ['crop', 'Crop'],
  ['generate', 'Draw'],
  ['smooth', 'Smooth'],
  ['composite', 'Composite'],
];

/** Which face model is in use, as its record beside the model says. */
export type FaceModelKind = 'official' | 'reduced' | 'custom' | 'unknown';

const FACE_MODELS: Readonly<Record<FaceModelKind, string>> = {
  official: 'MediaPipe, full',
  reduced: 'MediaPipe, reduced',
  custom: 'your own',
  unknown: 'unknown',
};

const ms = (value: number): string => `${value < 10 ? value.toFixed(1) : Math.round(value)} ms`;

function figures(stats: FilterStats, faceModel: FaceModelKind): [label: string, value: string][] {
  return [
    ['frames a second', stats.fps.toFixed(1)],
    ['runs on', stats.backend === 'webgpu' ? 'WebGPU' : 'WASM'],
    ['network', stats.modelId],
    ['faces', String(stats.faces)],
    ['lag, median', stats.lagMs ? ms(stats.lagMs.p50) : '–'],
    ['frames skipped', String(stats.dropped)],
    ['picture', stats.widthPx === 0 ? '–' : `${stats.widthPx} × ${stats.heightPx}`],
    ['face model', FACE_MODELS[faceModel]],
  ];
}

function stageRow(label: string, times: Percentiles | null): HTMLTableRowElement {
  const cells = [times?.p50, times?.p95].map((value) => make('td', {}, value === undefined ? '–' : ms(value)));
  return make('tr', {}, make('th', { scope: 'row' }, label), ...cells);
}

/** Shows the newest figures. */
export function showStats(list: HTMLElement, stages: HTMLElement, stats: FilterStats, faceModel: FaceModelKind): void {
  list.replaceChildren(...figures(stats, faceModel).map(([label, value]) => make('div', {}, make('dt', {}, label), make('dd', {}, value))));
  stages.replaceChildren(...STAGES.map(([name, label]) => stageRow(label, stats.stageMs[name])));
}

/** Reads which face model was put in place when the assets were built. */
export async function readFaceModelKind(assetBase: URL): Promise<FaceModelKind> {
  try {
    const response = await fetch(new URL('models/face_landmarker.json', assetBase));
    const { kind } = (await response.json()) as { kind?: string };
    return kind === 'official' || kind === 'reduced' || kind === 'custom' ? kind : 'unknown';
  } catch {
    return 'unknown';
  }
}
