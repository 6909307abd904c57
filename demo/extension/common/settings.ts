/** What the user chose: the only thing the extension stores. */
import type { LiveOptions, StyleOptions } from '../../../sdk/index';
import { DEFAULTS, toLiveOptions, toStyleOptions, type Settings } from '../../page/settings';

/** Settings of the virtual camera; the style part is that of the demo page. */
export interface CameraSettings extends Settings {
  /** Whether pages see the camera. */
  on: boolean;
  /** Whether a page that asks for any camera gets this one. */
  anyCamera: boolean;
  /** Device id of the real camera under the extension's origin; empty for the browser's own choice. */
  cameraId: string;
}

/** What holds before anything was chosen. An empty look stands for the style's own. */
export const DEFAULT_SETTINGS: CameraSettings = { ...DEFAULTS, style: 'comic', exemplar: '', privacy: 'hold', on: true, anyCamera: true, cameraId: '' };

const KEY = 'settings';

/** Settings out of storage; whatever is missing or of the wrong type takes its default. */
export function completeSettings(stored: unknown): CameraSettings {
  const given = (typeof stored === 'object' && stored !== null ? stored : {}) as Record<string, unknown>;
  const known = Object.entries(DEFAULT_SETTINGS).map(([key, value]) => [key, typeof given[key] === typeof value ? given[key] : value] as const);
  return Object.fromEntries(known) as unknown as CameraSettings;
}

/** The settings in force. */
export async function readSettings(): Promise<CameraSettings> {
  return completeSettings((await chrome.storage.local.get(KEY))[KEY]);
}

/** Stores the settings. */
export function writeSettings(settings: CameraSettings): Promise<void> {
  return chrome.storage.local.set({ [KEY]: settings });
}

/** Calls back with the settings, and those before, whenever they change. */
export function watchSettings(onChange: (now: CameraSettings, before: CameraSettings) => void): void {
  chrome.storage.onChanged.addListener((changes) => {
    const change = changes[KEY];
    if (change !== undefined) onChange(completeSettings(change.newValue), completeSettings(change.oldValue));
  });
}

/** The settings as the library wants them. */
export function toFilterOptions(settings: CameraSettings): LiveOptions & { readonly style: StyleOptions } {
  const style = toStyleOptions(settings);
  return { ...toLiveOptions(settings), style: { ...style, exemplar: style.exemplar === '' ? undefined : style.exemplar } };
}
