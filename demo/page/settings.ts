/** What the controls say, and how it is handed to the filter. */
import type { LiveOptions, StyleMix, StyleOptions } from '../../sdk/index';

/** Everything the page lets one set. Sliders go from 0 to 1. */
export interface Settings {
  style: string;
  exemplar: string;
  /** Made of a picture, in place of the exemplar. */
  mix: StyleMix | undefined;
  structure: number;
  color: number;
  keepColor: number;
  temporal: number;
  opacity: number;
  background: 'keep' | 'blur' | 'transparent';
  quality: 'auto' | 'standard' | 'lite';
  backend: 'auto' | 'webgpu' | 'wasm';
  maxFaces: number;
  privacy: 'pass' | 'hold' | 'card';
}

/** Names of the settings that are sliders. */
export type SliderName = 'structure' | 'color' | 'keepColor' | 'temporal' | 'opacity';

/** The library's own defaults, apart from the style. */
export const DEFAULTS: Omit<Settings, 'style' | 'exemplar'> = {
  mix: undefined,
  structure: 1,
  color: 1,
  keepColor: 0,
  temporal: 0.5,
  opacity: 1,
  background: 'keep',
  quality: 'auto',
  backend: 'auto',
  maxFaces: 1,
  privacy: 'pass',
};

/** The style part. */
export function toStyleOptions({ style, exemplar, mix, structure, color, keepColor }: Settings): StyleOptions {
  return { id: style, exemplar, mix, structure, color, keepColor };
}

/** Everything that can change while the filter runs, apart from the style. */
export function toLiveOptions({ temporal, opacity, background, quality, backend, maxFaces, privacy }: Settings): Omit<LiveOptions, 'style'> {
  return { temporal, opacity, background, quality, backend, maxFaces, privacy };
}
