import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { inPage } from '../helpers/in-page';
import { openTestPage, type TestPage } from '../helpers/launch';
import { addTinyStyle } from '../helpers/tiny-assets';
import { cameraClip } from '../helpers/clip';

type Module = typeof import('./pages/filter-page');

let test: TestPage;
const run = <Result, Args = undefined>(body: (module: Module, args: Args) => Result | Promise<Result>, args?: Args): Promise<Result> =>
  inPage(test.page, 'test/browser/pages/filter-page.ts', body, args as Args);

beforeAll(async () => {
  test = await openTestPage({ crossOriginIsolated: false });
});
beforeEach(() => {
  test.server.overrides.clear();
  addTinyStyle(test.server.overrides);
});
afterAll(() => test.close());

/** The browser tells of a worker's end a little later. */
const noWorkers = ({ page }: TestPage) => expect.poll(() => page.workers().length, { timeout: 20_000 }).toBe(0);

/** What `attach` with the tiny style is refused with. */
const refusedWith = () =>
  run(async ({ StyleFilter, TINY, openFakeCamera, refusal }: Module) => {
    const camera = await openFakeCamera([]);
    const refused = await refusal(StyleFilter.attach(camera.track, TINY));
    camera.stop();
    return { ...refused, canvases: document.querySelectorAll('canvas').length };
  });

describe('assets', () => {
  it('a model whose hash differs is refused, and nothing stays behind', async () => {
    const path = '/assets/models/tiny-lite/student.onnx';
    const body = Uint8Array.from(test.server.overrides.get(path)!.body as Uint8Array);
    body[body.length - 1]! ^= 1;
    test.server.overrides.set(path, { body });
    const refused = await refusedWith();
    expect(refused).toMatchObject({ code: 'asset-corrupt', stage: 'load', fatal: true, canvases: 0 });
    expect(refused.message).toContain('models/tiny-lite/student.onnx differs from what models/manifest.json promises');
    await noWorkers(test);
  });

  it.each([
    ['/assets/models/manifest.json', { body: '{ "version": 99, "models": [] }' }, 'asset-version', 'has version 99, but this build of the library reads version 1'],
    ['/assets/filters/tiny/pack.json', { status: 404 }, 'asset-missing', "There is no style 'tiny'"],
    ['/assets/models/face_landmarker.task', { status: 404 }, 'asset-missing', 'face_landmarker.task'],
    ['/assets/models/face_landmarker.task', { body: 'not a model' }, 'asset-corrupt', 'face'],
  ] as const)('%s as %o is refused with %s', async (path, override, code, words) => {
    test.server.overrides.set(path, override);
    const refused = await refusedWith();
    expect(refused).toMatchObject({ code, fatal: true });
    expect(refused.message).toContain(words);
  });
});

describe('loading', () => {
  it('refuses a look that the network cannot draw, before the first frame', async () => {
    const refused = await run(({ StyleFilter, TINY, refusal }: Module) => refusal(StyleFilter.createProcessor({ ...TINY, style: { id: 'tiny', exemplar: 'nan' } })));
    expect(refused).toMatchObject({ code: 'model-output', fatal: true });
  });

  it('stops when it is aborted, before and in the middle', async () => {
    const seen = await run(async ({ StyleFilter, TINY, openFakeCamera, refusal }: Module) => {
      const camera = await openFakeCamera([]);
      const before = await refusal(StyleFilter.attach(camera.track, { ...TINY, signal: AbortSignal.abort() }));
      const controller = new AbortController();
      const middle = await refusal(StyleFilter.attach(camera.track, { ...TINY, signal: controller.signal, onProgress: () => controller.abort() }));
      const live = camera.track.readyState;
      camera.stop();
      return { before, middle, live };
    });
    expect(seen.before).toMatchObject({ code: 'aborted', message: 'Loading was stopped through options.signal.' });
    expect(seen.middle).toMatchObject({ code: 'aborted' });
    expect(seen.live).toBe('live');
    await noWorkers(test);
  });

  it('falls back to the page, with a warning, when the worker cannot be had', async () => {
    test.server.overrides.set('/sdk/engine-worker.js', { status: 404 });
    const seen = await run(async ({ StyleFilter, TINY, openFakeCamera, ONE_FACE, until, untilStats }: Module) => {
      const camera = await openFakeCamera(ONE_FACE);
      const handle = await StyleFilter.attach(camera.track, TINY);
      const warning = await until(handle.error$, () => true);
      const { faces } = await untilStats(handle, ({ styledFrames }) => styledFrames >= 3);
      await handle.detach();
      camera.stop();
      return { faces, code: warning.code, fatal: warning.fatal, message: warning.message };
    });
    expect(seen).toMatchObject({ faces: 1, code: 'worker-unavailable', fatal: false });
    expect(seen.message).toContain('The engine runs on the page');
  });
});

describe('a camera', () => {
  it('that is refused: says so, and nothing stays behind', async () => {
    const refusing = await openTestPage({ cameraFile: await cameraClip(), cameraAllowed: false, crossOriginIsolated: false });
    try {
      const refused = await inPage(refusing.page, 'test/browser/pages/filter-page.ts', ({ StyleFilter, BASE, refusal }: Module) => refusal(StyleFilter.attach({ camera: true }, BASE)), undefined);
      expect(refused).toEqual({ code: 'camera-refused', stage: 'source', fatal: true, message: 'The camera was refused; allow it for this page in the browser and attach again.' });
      await noWorkers(refusing);
    } finally {
      await refusing.close();
    }
  });
});

describe('a running filter', () => {
  it.each([
    ['nan', 'model-output'],
    ['faulty', 'stage-failed'],
  ] as const)('whose look is %s gives up after N frames with code %s, and frames go on unstyled', async (exemplar, code) => {
    const seen = await run(
      async ({ StyleFilter, TINY, openFakeCamera, ONE_FACE, framesMore, until, untilState }: Module, look) => {
        const camera = await openFakeCamera(ONE_FACE);
        const handle = await StyleFilter.attach(camera.track, { ...TINY, maxConsecutiveErrors: 4 });
        const before = await framesMore(handle, 1);
        await handle.setStyle({ id: 'tiny', exemplar: look });
        const fatal = await until(handle.error$, (error) => error.fatal);
        await untilState(handle, 'failed');
        const stats = await framesMore(handle, 3);
        await handle.detach();
        camera.stop();
        return { code: fatal.code, stage: fatal.stage, message: fatal.message, failed: stats.failedFrames, goesOn: stats.frames > before.frames + stats.failedFrames, faces: stats.faces, open: stats.openFrames };
      },
      exemplar,
    );
    expect(seen).toMatchObject({ code, stage: 'generate', failed: 4, goesOn: true, faces: 0, open: 0 });
    expect(seen.message).toMatch(/^The filter stopped after 4 failed frames in a row: .* Detach it and attach it again\.$/);
  });

  it('that fails for a while recovers when the cause is gone', async () => {
    const seen = await run(async ({ StyleFilter, TINY, openFakeCamera, ONE_FACE, untilStats, until }: Module) => {
      const camera = await openFakeCamera(ONE_FACE);
      const handle = await StyleFilter.attach(camera.track, { ...TINY, maxConsecutiveErrors: 10_000 });
      await handle.setStyle({ id: 'tiny', exemplar: 'faulty' });
      await until(handle.error$, ({ code }) => code === 'stage-failed');
      const failing = await untilStats(handle, ({ failedFrames }) => failedFrames >= 2);
      await handle.setStyle({ id: 'tiny', exemplar: 'plain' });
      const { faces } = await untilStats(handle, ({ styledFrames }) => styledFrames >= failing.styledFrames + 2);
      await handle.detach();
      camera.stop();
      return faces;
    });
    expect(seen).toBe(1);
  });

  it('that loses its WebGL context goes on when the browser gives it back', async () => {
    const seen = await run(async ({ StyleFilter, TINY, openFakeCamera, ONE_FACE, untilStats, until }: Module) => {
      const camera = await openFakeCamera(ONE_FACE);
      const handle = await StyleFilter.attach(camera.track, { ...TINY, place: 'page' });
      const before = await untilStats(handle, ({ styledFrames }) => styledFrames > 0);
      const context = handle.canvas.getContext('webgl2')!.getExtension('WEBGL_lose_context')!;
      context.loseContext();
      const error = await until(handle.error$, ({ code }) => code === 'context-lost');
      context.restoreContext();
      const after = await untilStats(handle, ({ styledFrames }) => styledFrames > before.styledFrames + 2);
      await handle.detach();
      camera.stop();
      return { fatal: error.fatal, faces: after.faces, open: after.openFrames };
    });
    expect(seen).toEqual({ fatal: false, faces: 1, open: 0 });
  });
});

describe('stylize', () => {
  it('styles all faces of a picture at its own size', async () => {
    const seen = await run(async ({ StyleFilter, TINY, THREE_FACES, openStage, pixelsOf, differences }: Module) => {
      const draw = await openStage(640, 240);
      const bitmap = () => createImageBitmap(draw(THREE_FACES, 0).image);
      const styled = await StyleFilter.stylize(await bitmap(), { ...TINY, style: { id: 'tiny', exemplar: 'grey' } });
      const size = [styled.width, styled.height];
      const changed = differences(pixelsOf(styled), pixelsOf(await bitmap()));
      // The middle of each portrait.
      const centres = THREE_FACES.map(({ xPx, yPx }) => changed[yPx * 640 + xPx]! > 8);
      return { size, centres, corner: changed[0] };
    });
    expect(seen).toEqual({ size: [640, 240], centres: [true, true, true], corner: 0 });
  });

  it('throws the error of a stage that fails', async () => {
    const refused = await run(({ StyleFilter, TINY, refusal }: Module) =>
      refusal(fetch('/test/fixtures/face.jpg').then(async (response) => StyleFilter.stylize(await response.blob(), { ...TINY, style: { id: 'tiny', exemplar: 'nan' } }))),
    );
    expect(refused).toMatchObject({ code: 'model-output', stage: 'generate' });
  });

  it('says what is wrong with a picture that cannot be read', async () => {
    const refused = await run(({ StyleFilter, TINY, refusal }: Module) => refusal(StyleFilter.stylize(new Blob(['no picture']), TINY)));
    expect(refused).toMatchObject({ code: 'source-empty', stage: 'source' });
  });
});
