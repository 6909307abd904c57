import { createHash } from 'node:crypto';
import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { unzipSync } from 'fflate';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { describeFaceModel, placeFaceModel } from '../../../models/face-model';
import { readModelShape } from '../../../models/tflite-model';

const OFFLINE = { STYLEFILTER_OFFLINE: '1' };
const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'face-model-'));
});
afterEach(async () => {
  vi.restoreAllMocks();
  await rm(dir, { recursive: true });
});

describe('placing the face model', () => {
  it('builds the reduced one offline, with the same bytes each time', async () => {
    const first = await placeFaceModel({ dir, env: OFFLINE });
    const bytes = await readFile(first.path);
    await rm(first.path);
    const second = await placeFaceModel({ dir, env: OFFLINE });
    expect(first.kind).toBe('reduced');
    expect((await readFile(second.path)).equals(bytes)).toBe(true);
    expect(first.sha256).toBe(sha256(bytes));
    expect(describeFaceModel(first)).toMatch(/reduced.*without irises/);
  });

  it('gives the reduced mesh 478 points', async () => {
    const { path } = await placeFaceModel({ dir, env: OFFLINE });
    const files = unzipSync(await readFile(path));
    const { outputs } = readModelShape(files['face_landmarks_detector.tflite']!);
    expect(outputs.map(({ shape }) => shape.at(-1))).toEqual([478 * 3, 1]);
  });

  it('records what it placed, and leaves no partial file', async () => {
    const model = await placeFaceModel({ dir, env: OFFLINE });
    const record: unknown = JSON.parse(await readFile(join(dir, 'face_landmarker.json'), 'utf8'));
    expect(record).toMatchObject({ kind: 'reduced', sha256: model.sha256, source: model.source });
    expect((await readdir(dir)).sort()).toEqual(['face_landmarker.json', 'face_landmarker.task']);
  });

  it('takes the file that the setting names', async () => {
    const given = join(dir, 'given.task');
    await writeFile(given, 'mine');
    const model = await placeFaceModel({ dir, env: { STYLEFILTER_FACE_MODEL: given } });
    expect(model.kind).toBe('custom');
    expect(await readFile(model.path, 'utf8')).toBe('mine');
  });

  it('says so if that file cannot be read', async () => {
    const env = { STYLEFILTER_FACE_MODEL: join(dir, 'missing.task') };
    await expect(placeFaceModel({ dir, env })).rejects.toThrow(/STYLEFILTER_FACE_MODEL.*missing\.task/);
    expect(await readdir(dir)).toEqual([]);
  });

  it('returns to the usual order once the setting is gone', async () => {
    const given = join(dir, 'given.task');
    await writeFile(given, 'mine');
    await placeFaceModel({ dir, env: { STYLEFILTER_FACE_MODEL: given } });
    expect((await placeFaceModel({ dir, env: OFFLINE })).kind).toBe('reduced');
  });

  it('refuses a download with another hash and builds the reduced one', async () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => undefined);
    const fetch = vi.fn(async () => new Response('not the model'));
    const model = await placeFaceModel({ dir, env: {}, fetch });
    expect(fetch).toHaveBeenCalledOnce();
    expect(model.kind).toBe('reduced');
    expect(warn).toHaveBeenCalledWith(expect.stringContaining('unexpected sha256'));
  });

  it('does not ask the network again right after it failed, nor when told not to', async () => {
    vi.spyOn(console, 'warn').mockImplementation(() => undefined);
    const fetch = vi.fn(() => Promise.reject(new Error('no network')));
    await placeFaceModel({ dir, env: {}, fetch });
    await placeFaceModel({ dir, env: {}, fetch });
    expect(fetch).toHaveBeenCalledOnce();
    await rm(dir, { recursive: true });
    await placeFaceModel({ dir, env: OFFLINE, fetch });
    expect(fetch).toHaveBeenCalledOnce();
  });

  it('replaces a damaged file', async () => {
    const { path, sha256: expected } = await placeFaceModel({ dir, env: OFFLINE });
    await writeFile(path, 'damaged');
    await placeFaceModel({ dir, env: OFFLINE });
    expect(sha256(await readFile(path))).toBe(expected);
  });
});
