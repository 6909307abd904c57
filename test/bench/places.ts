import type { Backend } from '../../sdk/types';

/** A way to run networks. */
export interface Place {
  readonly id: string;
  readonly backend: Backend;
  /** Only a cross-origin isolated page gives WASM threads. */
  readonly crossOriginIsolated: boolean;
}

/** Every way that a benchmark can be run. */
export const PLACES: readonly Place[] = [
  { id: 'wasm-1', backend: 'wasm', crossOriginIsolated: false },
  { id: 'wasm', backend: 'wasm', crossOriginIsolated: true },
  { id: 'webgpu', backend: 'webgpu', crossOriginIsolated: true },
];

/**
 * The places that `--only` names, in their own order.
 * @throws Error when it names one that is not among `known`
 */
export function placesOf(only: string, known: readonly Place[] = PLACES): readonly Place[] {
  const wanted = only.split(',');
  const unknown = wanted.find((id) => !known.some((place) => place.id === id));
  if (unknown !== undefined) throw new Error(`--only knows ${known.map(({ id }) => id).join(', ')}, not "${unknown}".`);
  return known.filter(({ id }) => wanted.includes(id));
}

/** How a table calls a place: `WebGPU`, or WASM with its threads. */
export function labelOf(threads: number): string {
  return threads === 0 ? 'WebGPU' : `WASM, ${threads} ${threads === 1 ? 'thread' : 'threads'}`;
}
