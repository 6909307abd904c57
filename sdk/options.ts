import { FilterError } from './errors';
import type { Backend } from './types';
import { checkers, type Check } from './option-checks';

/** Which style, and how much of it. Everything but `id` falls back to what the style's pack sets. */
export interface StyleOptions {
  /** Name of the style's folder under `assets/filters/`, for example `'comic'`. */
  readonly id: string;
  /** One of the style's looks by id. Default: the pack's. */
  readonly exemplar?: string | undefined;
  /** How far the face's shapes follow the look, 0…1. Default: the pack's. */
  readonly structure?: number | undefined;
  /** How far its colours and line follow the look, 0…1. Default: the pack's. */
  readonly color?: number | undefined;
  /** 0: the look's colours, 1: the photo's. Default: the pack's. */
  readonly keepColor?: number | undefined;
  /** A second look mixed in. Default: none. */
  readonly blend?: StyleBlend | undefined;
  /** Parts of several looks in colours of its own; `StyleFilter.encode` makes it of a picture. Takes the place of `exemplar`. Default: none. */
  readonly mix?: StyleMix | undefined;
  /** A whole number that draws a look by lot: shapes of one look (unless `exemplar` names it), colours of another; the same number, the same look. Default: none. */
  readonly seed?: number | undefined;
}

/** A look put together from parts of others. */
export interface StyleMix {
  /** A look's id for each part; for anime `front` (hair), `back` (hair) and `clothes` with the face, which must be of one sex. */
  readonly parts: Readonly<Record<string, string>>;
  /** Its colours, red, green and blue 0…1 one after another; for anime of hair, skin and eyes. */
  readonly colors: readonly number[];
}

/** A second look mixed into the first. */
export interface StyleBlend {
  /** The second look's id. */
  readonly exemplar: string;
  /** 0: only the first look, 1: only the second. */
  readonly amount: number;
}

/** Settings of a running filter; `setOptions` takes any part of them, and `undefined` means the default. */
export interface LiveOptions {
  /** The style: a pack's id, or the id with a look and weights. */
  readonly style?: string | StyleOptions | undefined;
  /** What runs the network. Default `'auto'`: WebGPU where it works, else WASM. */
  readonly backend?: Backend | 'auto' | undefined;
  /** Size of the network. Default `'auto'`: `'standard'` on a GPU, `'lite'` on WASM and on software rendering. */
  readonly quality?: 'auto' | 'standard' | 'lite' | undefined;
  /** How many faces are styled, 1…4. Default 1 (`stylize`: 4). */
  readonly maxFaces?: number | undefined;
  /** What is done with the picture outside the heads. Default `'keep'`. */
  readonly background?: 'keep' | 'blur' | 'transparent' | undefined;
  /** Whether the picture is flipped left to right. An overlay follows its element's CSS by itself. Default false. */
  readonly mirror?: boolean | undefined;
  /** How much of the styled face shows, 0…1. Default 1. */
  readonly opacity?: number | undefined;
  /** Softening of the matte's edge in crop widths, 0…0.05. Default: the pack's. */
  readonly feather?: number | undefined;
  /** How far the styled face takes on the light of its surroundings, 0…1. Default: the pack's. */
  readonly colorMatch?: number | undefined;
  /** Smoothing of flicker in the styled picture, 0 (none)…1. Default 0.5. */
  readonly temporal?: number | undefined;
  /**
   * Time in which a change of style (another look, a slider, another style) fades from the old picture to the new one, in
   * milliseconds, 0 (at once)…5000. A change during a fade goes on from the present mixture. Default 250.
   */
  readonly transitionMs?: number | undefined;
  /** Whether jitter is taken out of the crop. Default `'smooth'`. */
  readonly jitter?: 'smooth' | 'raw' | undefined;
  /**
   * What goes out in place of a frame that could not be styled. Default `'pass'`: the frame itself.
   * `'hold'` (the last styled picture, before the first one a card) and `'card'` (a neutral card) never let an
   * unstyled frame out, and that includes frames in which no face was found.
   */
  readonly privacy?: 'pass' | 'hold' | 'card' | undefined;
  /** Failed frames in a row after which the filter gives up, 1…10000. Default 30. */
  readonly maxConsecutiveErrors?: number | undefined;
}

/** Options of `StyleFilter.attach`. Only `style` is needed. */
export interface StyleFilterOptions extends LiveOptions {
  readonly style: string | StyleOptions;
  /** Address of the folder with models, packs, face model and WASM, absolute or from the page. Default: `../assets/` beside the library. */
  readonly assetBase?: string | URL | undefined;
  /** Address of the engine's worker script. Default: `engine-worker.js` beside the library. */
  readonly workerUrl?: string | URL | undefined;
  /** Where the engine runs. Default `'auto'`: in a worker where the browser can, else on the page. */
  readonly place?: 'auto' | 'page' | undefined;
  /** Default `'overlay'`: the canvas is laid over the source, if that is an element. `'none'`: it is not. `track` and `stream` are there with both. */
  readonly output?: 'overlay' | 'none' | undefined;
  /** Called while models are loaded. */
  readonly onProgress?: ((progress: LoadProgress) => void) | undefined;
  /** Gives up loading; the promise then rejects with code `aborted`. */
  readonly signal?: AbortSignal | undefined;
}

/** Options of `StyleFilter.encode`. */
export interface EncodeOptions {
  /** A style's id, for example `'anime'`. */
  readonly style: string;
  /** As for `attach`. */
  readonly assetBase?: string | URL | undefined;
  /** Gives up loading. */
  readonly signal?: AbortSignal | undefined;
}

/** How far loading has come. */
export interface LoadProgress {
  /** File being loaded. */
  readonly asset: string;
  /** Bytes of it so far. */
  readonly loadedBytes: number;
  /** Its size in bytes. */
  readonly totalBytes: number;
}

/** Live settings, checked and complete. `undefined` stands for the pack's own value. */
export interface EngineSettings {
  readonly style: StyleOptions;
  readonly backend: Backend | 'auto';
  readonly quality: 'auto' | 'standard' | 'lite';
  readonly maxFaces: number;
  readonly background: 'keep' | 'blur' | 'transparent';
  readonly mirror: boolean;
  readonly opacity: number;
  readonly feather: number | undefined;
  readonly colorMatch: number | undefined;
  readonly temporal: number;
  readonly transitionMs: number;
  readonly jitter: 'smooth' | 'raw';
  readonly privacy: 'pass' | 'hold' | 'card';
  readonly maxConsecutiveErrors: number;
}

/** What is fixed when a filter is attached. */
export interface AttachSettings {
  readonly assetBase: string;
  readonly workerUrl: string | undefined;
  readonly place: 'auto' | 'page';
  readonly output: 'overlay' | 'none';
  readonly onProgress: ((progress: LoadProgress) => void) | undefined;
  readonly signal: AbortSignal | undefined;
}

const LIVE_DEFAULTS: Omit<EngineSettings, 'style'> = {
  backend: 'auto',
  quality: 'auto',
  maxFaces: 1,
  background: 'keep',
  mirror: false,
  opacity: 1,
  feather: undefined,
  colorMatch: undefined,
  temporal: 0.5,
  transitionMs: 250,
  jitter: 'smooth',
  privacy: 'pass',
  maxConsecutiveErrors: 30,
};

const { oneOf, integer, number, unit, boolean, address, callback, abortSignal, style } = checkers;

const LIVE_CHECKS: { readonly [K in keyof LiveOptions]-?: Check } = {
  style,
  backend: oneOf('auto', 'webgpu', 'wasm'),
  quality: oneOf('auto', 'standard', 'lite'),
  maxFaces: integer(1, 4),
  background: oneOf('keep', 'blur', 'transparent'),
  mirror: boolean,
  opacity: unit,
  feather: number(0, 0.05),
  colorMatch: unit,
  temporal: unit,
  transitionMs: number(0, 5000),
  jitter: oneOf('smooth', 'raw'),
  privacy: oneOf('pass', 'hold', 'card'),
  maxConsecutiveErrors: integer(1, 10_000),
};

const ATTACH_CHECKS: { readonly [K in Exclude<keyof StyleFilterOptions, keyof LiveOptions>]-?: Check } = {
  assetBase: address,
  workerUrl: address,
  place: oneOf('auto', 'page'),
  output: oneOf('overlay', 'none'),
  onProgress: callback,
  signal: abortSignal,
};

/**
 * Checks the options of `attach` and `stylize` and fills in the defaults.
 * @param options As the caller gave them, not trusted.
 * @param defaultAssetBase Used where `options.assetBase` is not set.
 * @throws {FilterError} `bad-option`, naming the path of the option.
 */
export function resolveOptions(
  options: StyleFilterOptions,
  defaultAssetBase: string,
): { readonly settings: EngineSettings; readonly attach: AttachSettings } {
  checkAll(options, { ...LIVE_CHECKS, ...ATTACH_CHECKS });
  if (options.style === undefined) throw new FilterError('bad-option', "options.style must be the id of a style, for example 'comic'.", { stage: 'options' });
  return {
    settings: { ...withDefaults(options), style: toStyle(options.style) },
    attach: {
      assetBase: assetFolder(options.assetBase ?? defaultAssetBase),
      workerUrl: options.workerUrl === undefined ? undefined : String(options.workerUrl),
      place: options.place ?? 'auto',
      output: options.output ?? 'overlay',
      onProgress: options.onProgress,
      signal: options.signal,
    },
  };
}

/**
 * Checks a partial change and applies it: a key that is absent stays, a key that is `undefined` returns to its default.
 * @throws {FilterError} `bad-option`, naming the path of the option; `current` is then unchanged.
 */
export function mergeOptions(current: EngineSettings, change: LiveOptions): EngineSettings {
  for (const key of Object.keys(change)) {
    if (key in ATTACH_CHECKS) throw new FilterError('bad-option', `options.${key} is fixed when the filter is attached; detach it and attach again to change it.`, { stage: 'options' });
  }
  checkAll(change, LIVE_CHECKS);
  const { style: newStyle, ...rest } = change;
  return { ...withDefaults({ ...current, ...rest }), style: newStyle === undefined ? current.style : toStyle(newStyle) };
}

/**
 * A style as options give it, in full.
 * @throws {FilterError} `bad-option` if `value` is none, naming `options.style`.
 */
export function toStyle(value: string | StyleOptions): StyleOptions {
  style(value, 'options.style');
  return typeof value === 'string' ? { id: value } : { ...value };
}

function withDefaults(options: LiveOptions): Omit<EngineSettings, 'style'> {
  const settings: Record<string, unknown> = { ...LIVE_DEFAULTS };
  for (const key of Object.keys(LIVE_DEFAULTS)) {
    const value = (options as Record<string, unknown>)[key];
    if (value !== undefined) settings[key] = value;
  }
  return settings as unknown as Omit<EngineSettings, 'style'>;
}

function checkAll(options: object, checks: Readonly<Record<string, Check>>): void {
  if (typeof options !== 'object' || options === null) throw new FilterError('bad-option', `options must be an object, was ${String(options)}.`, { stage: 'options' });
  for (const [key, value] of Object.entries(options)) {
    const check = checks[key];
    if (check === undefined) throw new FilterError('bad-option', `options.${key} is not an option; known are ${Object.keys(checks).join(', ')}.`, { stage: 'options' });
    if (value !== undefined) check(value, `options.${key}`);
  }
}

/** The address in full, because the engine's worker would read a relative one from where its script lies. */
export function assetFolder(base: string | URL): string {
  const url = String(base);
  const folder = url.endsWith('/') ? url : `${url}/`;
  const page = (globalThis.document as Document | undefined)?.baseURI;
  return URL.canParse(folder, page) ? new URL(folder, page).href : folder;
}
