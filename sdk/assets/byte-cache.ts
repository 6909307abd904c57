const CACHE_NAME = 'stylefilter-assets';

/** Files kept between visits by their hash; every failure of the store means "not kept", never an error. */
export interface ByteCache {
  get(sha256: string): Promise<Uint8Array<ArrayBuffer> | undefined>;
  put(sha256: string, bytes: Uint8Array<ArrayBuffer>): Promise<void>;
  delete(sha256: string): Promise<void>;
}

const NOTHING_KEPT: ByteCache = {
  get: () => Promise.resolve(undefined),
  put: () => Promise.resolve(),
  delete: () => Promise.resolve(),
};

/**
 * Opens the browser's Cache API; where it is missing or refused (opaque origin, private mode, quota) nothing is kept.
 * @param source Where the files come from. Those of an extension lie on this device already and are not kept again.
 */
export function openByteCache(source?: URL): ByteCache {
  if (source !== undefined && !/^https?:$/.test(source.protocol)) return NOTHING_KEPT;
  return {
    get: (sha256) =>
      quietly(async (cache) => {
        const hit = await cache.match(keyOf(sha256));
        return hit && new Uint8Array(await hit.arrayBuffer());
      }),
    put: (sha256, bytes) => quietly((cache) => cache.put(keyOf(sha256), new Response(bytes))),
    delete: async (sha256) => {
      await quietly((cache) => cache.delete(keyOf(sha256)));
    },
  };
}

async function quietly<T>(use: (cache: Cache) => Promise<T>): Promise<T | undefined> {
  try {
    return await use(await caches.open(CACHE_NAME));
  } catch {
    return undefined;
  }
}

// The cache wants an http address as its key; this one is only a name and is never fetched.
function keyOf(sha256: string): string {
  return `https://stylefilter.invalid/sha256/${sha256}`;
}
