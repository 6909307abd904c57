import { vi } from 'vitest';

/** Address of the made-up asset folder. */
export const FAKE_BASE = 'http://assets.example/';

/** Answers `fetch` below {@link FAKE_BASE} from memory until `vi.unstubAllGlobals()`; every other path is a 404. Returns the paths asked for. */
export function fakeOrigin(files: ReadonlyMap<string, Uint8Array>): string[] {
  const asked: string[] = [];
  vi.stubGlobal('fetch', async (url: URL, init?: RequestInit) => {
    init?.signal?.throwIfAborted();
    const path = url.href.replace(FAKE_BASE, '');
    asked.push(path);
    const body = files.get(path);
    return body ? new Response(Uint8Array.from(body)) : new Response('not here', { status: 404 });
  });
  return asked;
}
