/** The overlay's settings as its address carries them. */
import type { LiveOptions } from '../../sdk/index';
import { DEFAULTS, toLiveOptions, toStyleOptions, type Settings } from '../page/settings';

/** Everything the overlay's address can set. */
export interface OverlayParams extends Settings {
  /** Part of the camera's name, upper and lower case alike; empty for any camera. */
  camera: string;
  /** Size and rate asked of the camera, in pixels and pictures a second. */
  width: number;
  height: number;
  fps: number;
  /** Whether the picture is flipped left to right. */
  mirror: boolean;
  /** How the picture fills the window: whole, or cut off at the edges. */
  fit: 'contain' | 'cover';
  /** Whether what goes wrong is written into the picture, for setting it up. */
  debug: boolean;
}

/** What holds where the address says nothing. An empty look stands for the style's own. */
export const OVERLAY_DEFAULTS: OverlayParams = {
  ...DEFAULTS,
  style: 'comic',
  exemplar: '',
  background: 'transparent',
  camera: '',
  width: 1280,
  height: 720,
  fps: 30,
  mirror: false,
  fit: 'contain',
  debug: false,
};

/** Values that a name may take, or the range of a number. */
const CHOICES: Partial<Record<keyof OverlayParams, readonly string[]>> = {
  background: ['keep', 'blur', 'transparent'],
  quality: ['auto', 'standard', 'lite'],
  backend: ['auto', 'webgpu', 'wasm'],
  privacy: ['pass', 'hold', 'card'],
  fit: ['contain', 'cover'],
};
const RANGES: Partial<Record<keyof OverlayParams, readonly [least: number, most: number]>> = {
  maxFaces: [1, 4],
  width: [16, 3840],
  height: [16, 2160],
  fps: [1, 60],
};
const WHOLE: ReadonlySet<string> = new Set(['maxFaces', 'width', 'height']);

/**
 * Reads an address.
 * @param query What follows its question mark.
 * @returns the settings, with the default for whatever cannot be used, and a sentence about each of those.
 */
export function parseParams(query: string): { readonly params: OverlayParams; readonly problems: readonly string[] } {
  const params: Record<string, unknown> = { ...OVERLAY_DEFAULTS };
  const problems: string[] = [];
  for (const [name, text] of new URLSearchParams(query)) {
    if (!(name in OVERLAY_DEFAULTS)) {
      problems.push(`“${name}” is not a setting; known are ${Object.keys(OVERLAY_DEFAULTS).join(', ')}.`);
      continue;
    }
    const value = parseValue(name as keyof OverlayParams, text);
    if (typeof value === 'object') problems.push(value.problem);
    else params[name] = value;
  }
  return { params: params as unknown as OverlayParams, problems };
}

/** The shortest query that {@link parseParams} reads as these settings. */
export function toQuery(params: OverlayParams): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(params) as [keyof OverlayParams, string | number | boolean][]) {
    if (value !== OVERLAY_DEFAULTS[name]) query.set(name, typeof value === 'boolean' ? (value ? '1' : '0') : String(value));
  }
  return query.toString();
}

/** The settings as the library wants them. */
export function toFilterOptions(params: OverlayParams): LiveOptions & { readonly style: NonNullable<LiveOptions['style']> } {
  const style = toStyleOptions(params);
  return { ...toLiveOptions(params), mirror: params.mirror, style: { ...style, exemplar: style.exemplar === '' ? undefined : style.exemplar } };
}

function parseValue(name: keyof OverlayParams, text: string): string | number | boolean | { readonly problem: string } {
  const usual = OVERLAY_DEFAULTS[name];
  if (typeof usual === 'boolean') return ['1', 'true', 'yes', ''].includes(text);
  if (typeof usual === 'number') return parseNumber(name, text);
  const choices = CHOICES[name];
  if (choices === undefined || choices.includes(text)) return text;
  return { problem: `“${name}” must be one of ${choices.join(', ')}, was “${text}”.` };
}

function parseNumber(name: keyof OverlayParams, text: string): number | { readonly problem: string } {
  const [least, most] = RANGES[name] ?? [0, 1];
  const value = Number(text);
  const usable = text !== '' && value >= least && value <= most && (!WHOLE.has(name) || Number.isInteger(value));
  return usable ? value : { problem: `“${name}” must be a ${WHOLE.has(name) ? 'whole ' : ''}number from ${least} to ${most}, was “${text}”.` };
}
