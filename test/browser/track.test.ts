import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { placeFaceModel } from '../../models/face-model';
import { buildReducedBundle } from '../../models/reduced-face-bundle';
import { REAL_CLIP } from '../helpers/clip';
import { inPage } from '../helpers/in-page';
import { openTestPage, type TestPage } from '../helpers/launch';
import { ROOT } from '../helpers/serve';

type Module = typeof import('./pages/track-page');

const CLIP = `/${REAL_CLIP}`;
let test: TestPage;
const logged: string[] = [];
let hasOfficial = false;
let cacheDir: string | undefined;

function run<Result, Args = undefined>(body: (module: Module, args: Args) => Result | Promise<Result>, args?: Args): Promise<Result> {
  return inPage(test.page, 'test/browser/pages/track-page.ts', body, args as Args);
}

beforeAll(async () => {
  test = await openTestPage();
  test.page.on('console', (message) => logged.push(message.text()));
  const reduced = await buildReducedBundle(join(ROOT, 'node_modules/@mediapipe/face_mesh'));
  test.server.overrides.set('/reduced.task', { body: reduced, type: 'application/octet-stream' });
  // A model given for this run only must not stay in the repository's cache.
  if (process.env['STYLEFILTER_FACE_MODEL']) cacheDir = await mkdtemp(join(tmpdir(), 'face-model-'));
  const placed = await placeFaceModel(cacheDir === undefined ? {} : { dir: cacheDir });
  hasOfficial = placed.kind === 'official';
  if (hasOfficial) {
    test.server.overrides.set('/official.task', { body: await readFile(placed.path), type: 'application/octet-stream' });
  }
});
afterAll(async () => {
  await test.close();
  if (cacheDir !== undefined) await rm(cacheDir, { recursive: true });
});

describe('a real clip', () => {
  it('is followed in every frame, in a module worker, with the face model built from npm', async () => {
    const sightings = await run(({ trackClipInWorker }: Module, clip) => trackClipInWorker(clip, '/reduced.task', 100), CLIP);
    expect(sightings).toHaveLength(100);
    expect(new Set(sightings.map(({ ids }) => String(ids)))).toEqual(new Set(['1']));
    expect(sightings[50]!.points).toBe(478);
    expect(sightings[50]!.blendshapes).toBe(0);
    for (const { cropFromFrame: [a = 0, b = 0] } of sightings) {
      // The person sits about an arm's length away: the square takes about half of the 300 px of height.
      const sidePx = 1 / Math.hypot(a, b);
      expect(sidePx).toBeGreaterThan(120);
      expect(sidePx).toBeLessThan(260);
    }
  });

  it('gives on the page what it gives in the worker', async () => {
    const [page, worker] = await run(
      async ({ trackClip, trackClipInWorker }: Module, clip) => [await trackClip(clip, '/reduced.task', 5), await trackClipInWorker(clip, '/reduced.task', 5)] as const,
      CLIP,
    );
    expect(page).toEqual(worker);
  });

  it('is followed by the reduced model as by the official one, within 1 % of the square, 6 % of scale, 2°', async (context) => {
    context.skip(!hasOfficial, 'the official face model is not here: name it in STYLEFILTER_FACE_MODEL');
    const [reduced, official] = await run(
      async ({ trackClip }: Module, clip) => [await trackClip(clip, '/reduced.task', 100), await trackClip(clip, '/official.task', 100)] as const,
      CLIP,
    );
    expect(official[50]!.blendshapes).toBe(52);
    reduced.forEach(({ cropFromFrame: [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0] }, i) => {
      const [oa = 0, ob = 0, oc = 0, od = 0, oe = 0, of = 0] = official[i]!.cropFromFrame;
      const scale = Math.hypot(oa, ob) / Math.hypot(a, b);
      const turn = Math.atan2(b, a) - Math.atan2(ob, oa);
      // The official square's middle, in units of the reduced one.
      const determinant = oa * oe - ob * od;
      const x = (oe * (0.5 - oc) - ob * (0.5 - of)) / determinant;
      const y = (oa * (0.5 - of) - od * (0.5 - oc)) / determinant;
      expect(Math.hypot(a * x + b * y + c - 0.5, d * x + e * y + f - 0.5)).toBeLessThan(0.01);
      expect(Math.abs(Math.log(scale))).toBeLessThan(0.06);
      expect(Math.abs(turn)).toBeLessThan((2 * Math.PI) / 180);
    });
  });
});

describe('the tracker', () => {
  it('follows several faces by id, and one again when told so', async () => {
    const seen = await run(async ({ openStage, openTracker }: Module) => {
      const show = await openStage(1280, 480);
      const tracker = await openTracker({ maxFaces: 3 });
      const results: { id: number; x: number }[][] = [];
      const step = (i: number): void => {
        const poses = [
          { xPx: 220 + 3 * i, yPx: 240, sizePx: 300 },
          { xPx: 640, yPx: 240 + 3 * i, sizePx: 260, mirrored: true },
          { xPx: 1060 - 3 * i, yPx: 240, sizePx: 340, rollRad: 0.2 },
        ];
        const frame = show(poses, i * 40_000);
        const faces = tracker.detect(frame);
        frame.close();
        results.push(faces.map(({ id, landmarks }) => ({ id, x: landmarks[3]! * 1280 })));
      };
      for (let i = 0; i < 15; i++) step(i);
      tracker.setOptions({ maxFaces: 1 });
      for (let i = 15; i < 20; i++) step(i);
      tracker.close();
      return results;
    });
    const idsByPlace = (faces: { id: number; x: number }[]): number[] => [...faces].sort((a, b) => a.x - b.x).map(({ id }) => id);
    const settled = idsByPlace(seen[5]!);
    expect(new Set(settled).size).toBe(3);
    for (const faces of seen.slice(5, 15)) expect(idsByPlace(faces)).toEqual(settled);
    const largest = settled[2];
    expect(seen[5]![0]!.id).toBe(largest);
    expect(seen[19]!.map(({ id }) => id)).toEqual([largest]);
  });

  it('leaves a face for one 1.5 times as large, though a landmarker for one face would not see it', async () => {
    const seen = await run(async ({ openStage, openTracker }: Module) => {
      const show = await openStage(960, 480);
      const tracker = await openTracker();
      const small = { xPx: 220, yPx: 240, sizePx: 220 };
      const places: string[] = [];
      const step = (i: number, otherPx: number): void => {
        const frame = show(otherPx > 0 ? [small, { xPx: 680, yPx: 240, sizePx: otherPx }] : [small], i * 40_000);
        const faces = tracker.detect(frame);
        frame.close();
        places.push(faces.map(({ id, landmarks }) => `${id} ${landmarks[3]! < 0.5 ? 'left' : 'right'}`).join());
      };
      for (let i = 0; i < 10; i++) step(i, 0);
      for (let i = 10; i < 50; i++) step(i, 225);
      for (let i = 50; i < 90; i++) step(i, 330);
      tracker.close();
      return places;
    });
    expect(new Set(seen.slice(0, 60))).toEqual(new Set(['1 left']));
    expect(new Set(seen.slice(80))).toEqual(new Set(['2 right']));
    expect(new Set(seen)).toEqual(new Set(['1 left', '2 right']));
  });

  it('works on through a change of size, time that goes back, and frames without a face', async () => {
    const counts = await run(async ({ openStage, openTracker }: Module) => {
      const [wide, tall] = [await openStage(640, 480), await openStage(360, 640)];
      const tracker = await openTracker();
      const pose = { xPx: 180, yPx: 240, sizePx: 300 };
      const frames = [wide([pose], 0), wide([pose], 1e6), tall([pose], 1.04e6), tall([pose], 0), tall([], 40_000), tall([pose], 80_000)];
      const counts = frames.map((frame) => {
        const faces = tracker.detect(frame);
        frame.close();
        return faces.length;
      });
      tracker.close();
      return counts;
    });
    expect(counts).toEqual([1, 1, 1, 1, 0, 1]);
  });

  it('takes the largest face of a picture, and each picture by itself', async () => {
    const seen = await run(async ({ openStage, openTracker }: Module) => {
      const show = await openStage(960, 480);
      const tracker = await openTracker({ mode: 'still' });
      const [left, right] = [{ xPx: 220, yPx: 240, sizePx: 220 }, { xPx: 680, yPx: 240, sizePx: 330 }];
      const places = [[left], [left, right], [], [right], [left]].map((poses) => {
        const frame = show(poses, 0);
        const faces = tracker.detect(frame);
        frame.close();
        return faces.map(({ landmarks }) => (landmarks[3]! < 0.5 ? 'left' : 'right'));
      });
      tracker.close();
      return places;
    });
    expect(seen).toEqual([['left'], ['right'], [], ['right'], ['left']]);
  });

  it('fails on a closed frame in a sentence, and follows the next frame', async () => {
    const result = await run(async ({ failureOf, openStage, openTracker }: Module) => {
      const show = await openStage(640, 480);
      const tracker = await openTracker();
      const broken = show([], 0);
      broken.close();
      const failure = await failureOf(Promise.resolve().then(() => tracker.detect(broken)));
      const frame = show([{ xPx: 320, yPx: 240, sizePx: 300 }], 40_000);
      const faces = tracker.detect(frame).length;
      frame.close();
      tracker.close();
      tracker.close();
      const afterClose = await failureOf(Promise.resolve().then(() => tracker.detect(frame)));
      return { failure, faces, afterClose };
    });
    expect(result.failure).toMatchObject({ name: 'FilterError', code: 'stage-failed' });
    expect(result.faces).toBe(1);
    expect(result.afterClose).toMatchObject({ name: 'FilterError', code: 'closed' });
  });

  it('says what is wrong with its files and options', async () => {
    test.server.overrides.set('/broken.task', { body: 'not a bundle' });
    const failures = await run(async ({ failureOf, openTracker }: Module) => ({
      missing: await failureOf(openTracker({ modelUrl: '/missing.task' })),
      broken: await failureOf(openTracker({ modelUrl: '/broken.task' })),
      noWasm: await failureOf(openTracker({ wasmBase: `${location.origin}/nowhere` })),
      aborted: await failureOf(openTracker({ signal: AbortSignal.abort() })),
      faces: await failureOf(openTracker({ maxFaces: 5 })),
    }));
    expect(failures.missing).toMatchObject({ name: 'FilterError', code: 'asset-missing', message: expect.stringContaining('/missing.task') });
    expect(failures.broken).toMatchObject({ name: 'FilterError', code: 'asset-corrupt' });
    expect(failures.noWasm).toMatchObject({ name: 'FilterError', code: 'asset-missing', message: expect.stringContaining('/nowhere') });
    expect(failures.aborted).toMatchObject({ name: 'FilterError', code: 'aborted' });
    expect(failures.faces).toMatchObject({ name: 'FilterError', code: 'bad-option', message: expect.stringContaining('options.maxFaces') });
  });

  it('can be made and closed more often than a browser allows WebGL contexts', async () => {
    const found = await run(async ({ openStage, openTracker }: Module) => {
      const show = await openStage(320, 240);
      let found = 0;
      for (let i = 0; i < 20; i++) {
        const tracker = await openTracker();
        const frame = show([{ xPx: 160, yPx: 120, sizePx: 160 }], i);
        found += tracker.detect(frame).length;
        frame.close();
        tracker.close();
      }
      return found;
    });
    expect(found).toBe(20);
    expect(logged.filter((line) => /too many active webgl/i.test(line))).toEqual([]);
  });

  it('asks only its own origin, adds nothing to the page, and leaves the console to others', async () => {
    expect(test.requests.filter((url) => !url.startsWith(test.server.origin) && !url.startsWith('data:'))).toEqual([]);
    expect(await test.page.evaluate('document.scripts.length')).toBe(0);
    expect(logged.filter((line) => /^[IW]\d{4} /.test(line))).toEqual([]);
  });
});
