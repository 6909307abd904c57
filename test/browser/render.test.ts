import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DIST_DIR, openRenderSession, type RenderSession } from '../../demo/render/session';
import type { FilterRequest, RenderJob } from '../../demo/render/request';
import { makeMedia, readMedia } from '../helpers/make-media';
import { ROOT } from '../helpers/serve';

const FRAMES = 8;
const FILTER: FilterRequest = { style: 'comic', backend: 'wasm', quality: 'lite' };
const PERSON = join(ROOT, 'demo/media/people/person-2.jpg');

let dir: string;
let session: RenderSession;

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'render-'));
  await makeMedia(join(dir, 'in.mkv'), { frames: FRAMES, soundS: 0.3 });
  await makeMedia(join(dir, 'short.mkv'), { frames: 2, soundS: 0 });
  await makeMedia(join(dir, 'sound.mkv'), { frames: 0, soundS: 0.3 });
  writeFileSync(join(dir, 'text.mp4'), 'This is no video. '.repeat(100));
  session = await openRenderSession(DIST_DIR, false);
});
afterAll(async () => {
  await session.close();
  rmSync(dir, { recursive: true });
});

const job = (inName: string, outName: string): RenderJob => ({ inPath: join(dir, inName), outPath: join(dir, outName), kind: 'video' });

/** Runs the command as a user does. */
function command(...args: string[]): Promise<{ status: number | null; stderr: string }> {
  return new Promise((done) => {
    const child = spawn(process.execPath, ['--import', 'tsx', 'demo/render/cli.ts', ...args], { cwd: ROOT, stdio: ['ignore', 'ignore', 'pipe'] });
    let stderr = '';
    child.stderr.on('data', (data: Buffer) => (stderr += data.toString()));
    child.on('close', (status) => done({ status, stderr }));
  });
}

describe('rendering a video', () => {
  it('styles every frame, at its time, and copies the sound', async () => {
    const shares: number[] = [];
    const { stats, notes } = await session.render(job('in.mkv', 'out.mkv'), FILTER, (share) => shares.push(share));
    expect(notes).toEqual([]);
    expect(Object.keys(stats)).toEqual(['frames', 'styledFrames', 'faces', 'width', 'height', 'backend', 'fps', 'stageMs']);
    expect(stats).toMatchObject({ frames: FRAMES, styledFrames: FRAMES, faces: 1, width: 640, height: 480, backend: 'wasm' });
    expect(stats.fps).toBeGreaterThan(0);
    expect(Object.keys(stats.stageMs)).toEqual(['track', 'crop', 'generate', 'smooth', 'composite']);
    for (const times of Object.values(stats.stageMs)) expect(times!.p95).toBeGreaterThanOrEqual(times!.p50);

    const before = await readMedia(join(dir, 'in.mkv'));
    const after = await readMedia(join(dir, 'out.mkv'));
    expect(after).toMatchObject({ widthPx: 640, heightPx: 480, audioCodec: 'pcm-s16' });
    expect(after.frameTimesS).toHaveLength(FRAMES);
    after.frameTimesS.forEach((timeS, i) => expect(timeS).toBeCloseTo(before.frameTimesS[i]!, 2));
    expect(Buffer.compare(after.sound, before.sound)).toBe(0);
    expect(shares.at(-1)).toBe(1);
    expect([...shares].sort((a, b) => a - b)).toEqual(shares);
  });

  it('encodes the sound anew where the container wants another kind', async () => {
    await session.render(job('in.mkv', 'out.webm'), FILTER, () => undefined);
    const after = await readMedia(join(dir, 'out.webm'));
    expect(after.audioCodec).toBe('opus');
    expect(after.frameTimesS).toHaveLength(FRAMES);
    expect(after.soundS).toBeGreaterThan(0.25);
  });

  it.each([
    ['sound.mkv', 'it has no video track, so there is nothing to style.'],
    ['text.mp4', 'it is not a video that can be read. Convert it to MP4, WebM or MKV first.'],
  ])('says what is wrong with %s and leaves no file', async (name, sentence) => {
    await expect(session.render(job(name, 'never.mp4'), FILTER, () => undefined)).rejects.toThrow(`${name} could not be styled: ${sentence}`);
    expect(readdirSync(dir).filter((file) => file.includes('never'))).toEqual([]);
  });

  it.skipIf(!existsSync('/dev/full'))('says that the disk is full, leaves no file, and goes on with the next', async () => {
    symlinkSync('/dev/full', join(dir, `.full.webm.${process.pid}.part`));
    await expect(session.render(job('short.mkv', 'full.webm'), FILTER, () => undefined)).rejects.toThrow('full.webm could not be written: the disk is full.');
    expect(readdirSync(dir).filter((file) => file.includes('full'))).toEqual([]);
    await session.render(job('short.mkv', 'next.webm'), FILTER, () => undefined);
    expect((await readMedia(join(dir, 'next.webm'))).frameTimesS).toHaveLength(2);
  });
});

describe('rendering a picture', () => {
  it('styles it at its own size', async () => {
    const { stats } = await session.render({ inPath: PERSON, outPath: join(dir, 'person.png'), kind: 'picture' }, FILTER, () => undefined);
    expect(stats).toMatchObject({ frames: 1, styledFrames: 1, faces: 1, width: 512, height: 512 });
    const png = readFileSync(join(dir, 'person.png'));
    expect(png.subarray(1, 4).toString()).toBe('PNG');
    expect([png.readUInt32BE(16), png.readUInt32BE(20)]).toEqual([512, 512]);
  });
});

describe('the render command', () => {
  it('writes picture and statistics, and ends with 0', async () => {
    const { status, stderr } = await command(PERSON, join(dir, 'cli.jpg'), '--style', 'comic', '--exemplar', 'noir', '--backend', 'wasm', '--stats', join(dir, 'stats.json'));
    expect(stderr).toContain('cli.jpg: 1 picture, a face in 1');
    expect(status).toBe(0);
    expect(readFileSync(join(dir, 'cli.jpg')).readUInt16BE(0)).toBe(0xffd8);
    expect(JSON.parse(readFileSync(join(dir, 'stats.json'), 'utf8'))).toMatchObject({ frames: 1, styledFrames: 1, backend: 'wasm' });
  });

  it.each([
    ['an unknown style', ['text.mp4', 'no.mp4', '--style', 'manga'], 'There is no style "manga". There is: anime, comic.'],
    ['an unreadable video', ['text.mp4', 'no.mp4', '--style', 'comic'], 'it is not a video that can be read.'],
    ['a missing output folder', ['text.mp4', 'nowhere/no.mp4', '--style', 'comic'], 'does not exist. Make it first, or write somewhere else.'],
  ])('ends with 1 and one sentence about %s', async (_what, [inName, outName, ...rest], sentence) => {
    const { status, stderr } = await command(join(dir, inName!), join(dir, outName!), ...rest);
    expect(status).toBe(1);
    expect(stderr.trim().split('\n')).toHaveLength(1);
    expect(stderr).toContain(sentence);
    expect(readdirSync(dir).filter((file) => file.includes('no.mp4'))).toEqual([]);
  });
});
