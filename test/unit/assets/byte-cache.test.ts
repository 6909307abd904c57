import { afterEach, describe, expect, it, vi } from 'vitest';
import { openByteCache } from '../../../sdk/assets/byte-cache';

afterEach(() => vi.unstubAllGlobals());

describe('byte cache', () => {
  it.each([
    ['there is none', undefined],
    ['the origin is opaque', { open: () => Promise.reject(new DOMException('denied', 'SecurityError')) }],
    ['the disk is full', { open: async () => ({ match: async () => undefined, put: () => Promise.reject(new DOMException('full', 'QuotaExceededError')), delete: async () => false }) }],
  ])('keeps nothing and throws nothing when %s', async (_, caches) => {
    vi.stubGlobal('caches', caches);
    const cache = openByteCache();
    await cache.put('abc', new Uint8Array(4));
    expect(await cache.get('abc')).toBeUndefined();
    await cache.delete('abc');
  });

  it('does not keep what lies on this device already', async () => {
    let opened = 0;
    const empty = { match: async () => undefined, put: async () => undefined, delete: async () => false };
    vi.stubGlobal('caches', { open: async () => ((opened += 1), empty) });
    await openByteCache(new URL('chrome-extension://abc/assets/')).put('abc', new Uint8Array(4));
    expect(opened).toBe(0);
    await openByteCache(new URL('https://a.example/assets/')).put('abc', new Uint8Array(4));
    expect(opened).toBe(1);
  });
});
