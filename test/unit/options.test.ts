import { describe, expect, it, vi } from 'vitest';
import { FilterError } from '../../sdk/errors';
import { mergeOptions, resolveOptions, type StyleFilterOptions } from '../../sdk/options';

const ASSETS = 'https://example.test/assets/';
const resolve = (options: Partial<Record<keyof StyleFilterOptions, unknown>>) => resolveOptions({ style: 'comic', ...options } as StyleFilterOptions, ASSETS);

function refusal(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    expect(error).toBeInstanceOf(FilterError);
    expect((error as FilterError).code).toBe('bad-option');
    return (error as FilterError).message;
  }
  throw new Error('It was not refused.');
}

describe('resolveOptions', () => {
  it('needs nothing but a style', () => {
    const { settings, attach } = resolve({});
    expect(settings).toMatchObject({ style: { id: 'comic' }, backend: 'auto', quality: 'auto', maxFaces: 1, background: 'keep', opacity: 1, privacy: 'pass', maxConsecutiveErrors: 30 });
    expect(attach.assetBase).toBe(ASSETS);
    expect(refusal(() => resolve({ style: undefined }))).toContain('options.style');
  });

  it.each([
    [{ maxFaces: 0 }, 'options.maxFaces must be an integer from 1 to 4, was 0.'],
    [{ maxFaces: 2.5 }, 'options.maxFaces must be an integer from 1 to 4, was 2.5.'],
    [{ opacity: 1.1 }, 'options.opacity must be a number from 0 to 1, was 1.1.'],
    [{ opacity: NaN }, 'options.opacity must be a number from 0 to 1, was NaN.'],
    [{ feather: 0.2 }, 'options.feather must be a number from 0 to 0.05, was 0.2.'],
    [{ background: 'green' }, "options.background must be 'keep' or 'blur' or 'transparent', was 'green'."],
    [{ mirror: 'yes' }, "options.mirror must be true or false, was 'yes'."],
    [{ onProgress: 1 }, 'options.onProgress must be a function, was 1.'],
    [{ signal: {} }, 'options.signal must be an AbortSignal, was [object Object].'],
    [{ style: { id: 'comic', structure: -1 } }, 'options.style.structure must be a number from 0 to 1, was -1.'],
    [{ style: { exemplar: 'noir' } }, 'options.style.id must be a non-empty string, was undefined.'],
    [{ style: { id: 'comic', blend: { exemplar: 'noir', amount: 2 } } }, 'options.style.blend.amount must be a number from 0 to 1, was 2.'],
    [{ style: { id: 'comic', structur: 1 } }, 'options.style.structur is not an option; known are id, exemplar, structure, color, keepColor, blend, mix, seed.'],
    [{ style: { id: 'comic', seed: 0.5 } }, 'options.style.seed must be a whole number, was 0.5.'],
  ])('refuses %o and names the path', (options, message) => {
    expect(refusal(() => resolve(options))).toBe(message);
  });

  it('refuses an option it does not know and lists those it knows', () => {
    expect(refusal(() => resolve({ styel: 'comic' } as object))).toMatch(/^options\.styel is not an option; known are style, backend, /);
  });

  it('takes a folder with or without a slash at its end', () => {
    expect(resolve({ assetBase: 'https://cdn.test/a' }).attach.assetBase).toBe('https://cdn.test/a/');
    expect(resolve({ assetBase: new URL('https://cdn.test/a/') }).attach.assetBase).toBe('https://cdn.test/a/');
  });

  it('reads the address of a folder from the page, as the page means it and not as a worker elsewhere would', () => {
    vi.stubGlobal('document', { baseURI: 'https://app.test/rooms/7' });
    try {
      expect(['lib/assets', '/lib/assets/', 'https://cdn.test/a'].map((assetBase) => resolve({ assetBase }).attach.assetBase)).toEqual([
        'https://app.test/rooms/lib/assets/',
        'https://app.test/lib/assets/',
        'https://cdn.test/a/',
      ]);
    } finally {
      vi.unstubAllGlobals();
    }
  });
});

/** For each option: a value that is not its default. */
const OTHER = {
  backend: 'wasm',
  quality: 'lite',
  maxFaces: 3,
  background: 'blur',
  mirror: true,
  opacity: 0.5,
  feather: 0.01,
  colorMatch: 0.25,
  temporal: 0,
  jitter: 'raw',
  privacy: 'hold',
  maxConsecutiveErrors: 5,
} as const;

describe.each(Object.entries(OTHER))('option %s', (name, value) => {
  const defaults = resolve({}).settings;
  const change = { [name]: value };

  it('has a default', () => {
    expect(defaults).toHaveProperty(name);
    expect((defaults as unknown as Record<string, unknown>)[name]).not.toBe(value);
  });

  it('can be set alone, and the others stay', () => {
    expect(mergeOptions(defaults, change)).toEqual({ ...defaults, [name]: value });
  });

  it('returns to its default with undefined', () => {
    expect(mergeOptions(mergeOptions(defaults, change), { [name]: undefined })).toEqual(defaults);
  });
});

describe('mergeOptions', () => {
  const { settings } = resolve({ style: { id: 'comic', structure: 0.5 } });

  it('keeps the style when it is absent or undefined, and replaces it as a whole otherwise', () => {
    expect(mergeOptions(settings, { opacity: 0.5 }).style).toEqual({ id: 'comic', structure: 0.5 });
    expect(mergeOptions(settings, { style: undefined }).style).toEqual({ id: 'comic', structure: 0.5 });
    expect(mergeOptions(settings, { style: 'anime' }).style).toEqual({ id: 'anime' });
  });

  it('refuses what is fixed when a filter is attached', () => {
    expect(refusal(() => mergeOptions(settings, { assetBase: ASSETS } as object))).toBe('options.assetBase is fixed when the filter is attached; detach it and attach again to change it.');
  });
});
