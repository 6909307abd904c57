import { afterEach, describe, expect, it, vi } from 'vitest';
import type { ByteCache } from '../../../sdk/assets/byte-cache';
import { parseManifest } from '../../../sdk/assets/manifest';
import { createModelStore } from '../../../sdk/assets/model-store';
import type { FilterError } from '../../../sdk/errors';
import type { LoadProgress } from '../../../sdk/options';
import { FAKE_BASE, fakeOrigin } from '../../helpers/fake-origin';
import { tinyStyle } from '../../helpers/tiny-style';

afterEach(() => vi.unstubAllGlobals());

const STUDENT = 'models/tiny-lite/student.onnx';

function memoryCache(): ByteCache & { readonly kept: Map<string, Uint8Array<ArrayBuffer>> } {
  const kept = new Map<string, Uint8Array<ArrayBuffer>>();
  return {
    kept,
    get: async (sha256) => kept.get(sha256),
    put: async (sha256, bytes) => void kept.set(sha256, bytes),
    delete: async (sha256) => void kept.delete(sha256),
  };
}

function open(cache = memoryCache()) {
  const style = tinyStyle();
  const warnings: FilterError[] = [];
  const asked = fakeOrigin(style.files);
  const manifest = parseManifest(JSON.stringify(style.manifest));
  const store = createModelStore({ assetBase: FAKE_BASE, manifest, cache, onWarning: (warning) => warnings.push(warning) });
  return { ...style, store, cache, asked, warnings, sha256: manifest.models[1]!.student.sha256 };
}

const failure = (promise: Promise<unknown>) => promise.then(() => Promise.reject(new Error('It was not refused.')), (error: FilterError) => error);

describe('model store', () => {
  it('fetches what is asked for, tells how far it is, and holds the bytes until they are released', async () => {
    const { store, files, asked } = open();
    const progress: LoadProgress[] = [];
    const model = await store.load('tiny-lite', { parts: ['student', 'golden'], onProgress: (step) => progress.push(step) });
    expect(asked).toEqual([STUDENT, 'models/tiny-lite/golden.json']);
    expect(Array.from(await model.file('student'))).toEqual(Array.from(files.get(STUDENT)!));
    expect(asked).toHaveLength(2);
    const steps = progress.filter(({ asset }) => asset === STUDENT);
    const { bytes } = model.entry.student;
    expect(steps[0]).toEqual({ asset: STUDENT, loadedBytes: 0, totalBytes: bytes });
    expect(steps.at(-1)).toEqual({ asset: STUDENT, loadedBytes: bytes, totalBytes: bytes });
  });

  it('asks the cache in place of the network the next time', async () => {
    const { store, asked } = open();
    const model = await store.load('tiny-lite', { parts: ['student'] });
    model.release('student');
    await model.file('student');
    await store.load('tiny-lite', { parts: ['student'] });
    expect(asked).toEqual([STUDENT]);
  });

  it('fetches anew what the cache spoiled', async () => {
    const { store, cache, asked, sha256 } = open();
    cache.kept.set(sha256, new Uint8Array(10));
    await store.load('tiny-lite', { parts: ['student'] });
    expect(asked).toEqual([STUDENT]);
    expect(cache.kept.get(sha256)!.byteLength).toBeGreaterThan(10);
  });

  it('refuses a file with another hash, and keeps nothing of it', async () => {
    const { store, files, cache, sha256 } = open();
    const spoiled = Uint8Array.from(files.get(STUDENT)!);
    spoiled[20]! ^= 1;
    files.set(STUDENT, spoiled);
    const error = await failure(store.load('tiny-lite'));
    expect(error).toMatchObject({ code: 'asset-corrupt', stage: 'load', fatal: true });
    expect(error.message).toContain(`${STUDENT} differs from what models/manifest.json promises: expected sha256 ${sha256.slice(0, 12)}…, got `);
    expect(cache.kept.size).toBe(0);
  });

  it('refuses a file of another length', async () => {
    const { store, files } = open();
    files.set(STUDENT, files.get(STUDENT)!.subarray(1));
    expect((await failure(store.load('tiny-lite'))).message).toMatch(/expected \d+ bytes, got \d+ bytes/);
  });

  it('names the address of a file that is not there', async () => {
    const { store, files } = open();
    files.delete(STUDENT);
    const error = await failure(store.load('tiny-lite'));
    expect(error.code).toBe('asset-missing');
    expect(error.message).toContain(`${FAKE_BASE}${STUDENT} could not be fetched (the server answered 404)`);
  });

  it('names the models it knows', async () => {
    expect((await failure(open().store.load('huge'))).message).toContain("lists no model 'huge' (known: 'tiny-standard', 'tiny-lite')");
  });

  it('stops when the caller gives up, before and between files', async () => {
    const { store, asked } = open();
    expect((await failure(store.load('tiny-lite', { signal: AbortSignal.abort() }))).code).toBe('aborted');
    expect(asked).toEqual([]);
    const controller = new AbortController();
    const onProgress = ({ loadedBytes }: LoadProgress) => loadedBytes > 0 && controller.abort();
    expect((await failure(store.load('tiny-lite', { signal: controller.signal, onProgress }))).code).toBe('aborted');
    expect(asked).toEqual([STUDENT]);
  });

  it('checks the length and says so where the page has no cryptography', async () => {
    vi.stubGlobal('crypto', {});
    const { store, cache, warnings } = open();
    const model = await store.load('tiny-lite', { parts: ['student'] });
    expect((await model.file('student')).byteLength).toBe(model.entry.student.bytes);
    expect(warnings.map(({ code, message }) => [code, message.includes('by its length only')])).toEqual([['unsupported', true]]);
    expect(cache.kept.size).toBe(0);
  });
});
