import { FilterError } from '../errors';
import type { LoadProgress } from '../options';
import { openByteCache, type ByteCache } from './byte-cache';
import { assetUrl, fetchBytes, throwIfAborted } from './fetch-asset';
import type { Manifest, ModelEntry, ModelFile } from './manifest';
import { sha256Hex } from './sha256';

/** Which of a model's checked files. */
export type ModelPart = 'student' | 'studentFp16' | 'styleHead' | 'styleEncoder' | 'golden';

/** A model whose files have arrived and were checked. */
export interface LoadedModel {
  readonly entry: ModelEntry;
  /** Address of the model's `golden.json`; the golden arrays lie beside it. */
  readonly goldenUrl: URL;
  /**
   * The bytes of one file. Kept until {@link LoadedModel.release}; after that, or where it was not loaded yet, it is fetched again (mostly from the browser's cache).
   * @throws FilterError `asset-missing`, `asset-corrupt`, `aborted`.
   */
  file(part: ModelPart, signal?: AbortSignal): Promise<Uint8Array<ArrayBuffer>>;
  /** Lets go of the bytes: a session has been made of them. */
  release(part: ModelPart): void;
}

/** Options of {@link ModelStore.load}. */
export interface LoadModelOptions {
  /** Files to fetch now. Default: student, style head and golden pair. */
  readonly parts?: readonly ModelPart[];
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: LoadProgress) => void) | undefined;
}

/** Fetches models, checks them against the manifest and keeps them in the browser's cache. */
export interface ModelStore {
  readonly manifest: Manifest;
  /**
   * Fetches and checks a model's files.
   * @throws FilterError `bad-option` for an unknown id; else like {@link LoadedModel.file}.
   */
  load(modelId: string, options?: LoadModelOptions): Promise<LoadedModel>;
}

/** What a {@link ModelStore} is made of. */
export interface ModelStoreOptions {
  /** Folder with `models/` in it. */
  readonly assetBase: string | URL;
  readonly manifest: Manifest;
  /** Hears of checks that had to be skipped. */
  readonly onWarning?: ((warning: FilterError) => void) | undefined;
  /** Where files are kept between visits. Default: the Cache API, for files that come over the network. */
  readonly cache?: ByteCache;
}

/** Opens a model store. Nothing is fetched yet. */
export function createModelStore({ assetBase, manifest, onWarning, cache = openByteCache(assetUrl(assetBase, '')) }: ModelStoreOptions): ModelStore {
  const modelsBase = assetUrl(assetBase, 'models/');

  async function load(modelId: string, { parts = ['student', 'styleHead', 'golden'], signal, onProgress }: LoadModelOptions = {}) {
    const entry = manifest.models.find((model) => model.id === modelId);
    if (!entry) throw unknownModel(modelId, manifest);
    const held = new Map<ModelPart, Uint8Array<ArrayBuffer>>();
    for (const part of parts) {
      const file = partOf(entry, part);
      const report = (loadedBytes: number): void => onProgress?.({ asset: `models/${file.file}`, loadedBytes, totalBytes: file.bytes });
      report(0);
      held.set(part, await fetchChecked(file, signal, report));
      report(file.bytes);
    }
    return {
      entry,
      goldenUrl: new URL(entry.golden.file, modelsBase),
      file: async (part: ModelPart, partSignal?: AbortSignal) => held.get(part) ?? (await fetchChecked(partOf(entry, part), partSignal)),
      release: (part: ModelPart) => void held.delete(part),
    };
  }

  async function fetchChecked(file: ModelFile, signal?: AbortSignal, onBytes?: (bytes: number) => void): Promise<Uint8Array<ArrayBuffer>> {
    throwIfAborted(signal);
    const kept = await cache.get(file.sha256);
    if (kept) {
      if ((await sha256Hex(kept)) === file.sha256) return kept;
      await cache.delete(file.sha256);
    }
    const bytes = await fetchBytes(new URL(file.file, modelsBase), signal, onBytes);
    const checked = await check(file, bytes);
    throwIfAborted(signal);
    if (checked) await cache.put(file.sha256, bytes);
    return bytes;
  }

  /** Whether the hash could be compared; a wrong one throws. */
  async function check(file: ModelFile, bytes: Uint8Array<ArrayBuffer>): Promise<boolean> {
    if (bytes.byteLength !== file.bytes) throw corrupt(file, `${file.bytes} bytes`, `${bytes.byteLength} bytes`);
    const actual = await sha256Hex(bytes);
    if (actual === undefined) {
      onWarning?.(
        new FilterError('unsupported', `models/${file.file} was checked by its length only, because this page is not a secure context. Serve it over https.`, { stage: 'load' }),
      );
      return false;
    }
    if (actual !== file.sha256) throw corrupt(file, `sha256 ${file.sha256.slice(0, 12)}…`, `${actual.slice(0, 12)}…`);
    return true;
  }

  return { manifest, load };
}

function partOf(entry: ModelEntry, part: ModelPart): ModelFile {
  const file = entry[part];
  if (file) return file;
  throw new FilterError('asset-missing', `Model '${entry.id}' has no file '${part}' in models/manifest.json. Use a model that lists one.`, { stage: 'load', fatal: true });
}

function unknownModel(modelId: string, manifest: Manifest): FilterError {
  const known = manifest.models.map((model) => `'${model.id}'`).join(', ') || 'none';
  return new FilterError('bad-option', `models/manifest.json lists no model '${modelId}' (known: ${known}). Use a pack and a manifest of the same release.`, {
    stage: 'load',
    fatal: true,
  });
}

function corrupt(file: ModelFile, expected: string, actual: string): FilterError {
  return new FilterError(
    'asset-corrupt',
    `models/${file.file} differs from what models/manifest.json promises: expected ${expected}, got ${actual}. Put the file of this release in place, and clear caches on the way.`,
    { stage: 'load', fatal: true },
  );
}
