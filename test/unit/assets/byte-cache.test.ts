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
});
