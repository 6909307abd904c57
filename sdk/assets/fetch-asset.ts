import { FilterError } from '../errors';

/** Address of a file in the asset folder, whether or not the folder's address ends in a slash. */
export function assetUrl(assetBase: string | URL, path: string): URL {
  const base = new URL(assetBase, (globalThis.location as { readonly href: string } | undefined)?.href);
  if (!base.pathname.endsWith('/')) base.pathname += '/';
  return new URL(path, base);
}

/**
 * Fetches a file, telling how many bytes have arrived.
 * @throws FilterError `asset-missing` with the address, `aborted`.
 */
export async function fetchBytes(
  url: URL,
  signal?: AbortSignal,
  onBytes?: (loadedBytes: number) => void,
): Promise<Uint8Array<ArrayBuffer>> {
  try {
    const response = await fetch(url, { signal: signal ?? null });
    if (!response.ok) throw missing(url, `the server answered ${response.status}`);
    if (!onBytes || !response.body) return new Uint8Array(await response.arrayBuffer());
    return await collect(response.body, onBytes);
  } catch (cause) {
    if (cause instanceof FilterError) throw cause;
    if (signal?.aborted) throw aborted(signal);
    throw missing(url, cause instanceof Error ? cause.message : String(cause), cause);
  }
}

/** Fetches a text file; throws like {@link fetchBytes}. */
export async function fetchText(url: URL, signal?: AbortSignal): Promise<string> {
  return new TextDecoder().decode(await fetchBytes(url, signal));
}

/** Throws `aborted` once the caller has given up. */
export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw aborted(signal);
}

async function collect(body: ReadableStream<Uint8Array>, onBytes: (loadedBytes: number) => void): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Uint8Array[] = [];
  let loadedBytes = 0;
  const reader = body.getReader();
  for (let next = await reader.read(); !next.done; next = await reader.read()) {
    chunks.push(next.value);
    loadedBytes += next.value.byteLength;
    onBytes(loadedBytes);
  }
  const bytes = new Uint8Array(loadedBytes);
  let offset = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, offset);
    offset += chunk.byteLength;
  }
  return bytes;
}

function missing(url: URL, why: string, cause?: unknown): FilterError {
  return new FilterError(
    'asset-missing',
    `${url.href} could not be fetched (${why}). Check that options.assetBase points at the folder that holds the library's assets.`,
    { stage: 'load', fatal: true, cause },
  );
}

function aborted(signal: AbortSignal): FilterError {
  return new FilterError('aborted', 'Loading was stopped through options.signal.', { stage: 'load', fatal: true, cause: signal.reason });
}
