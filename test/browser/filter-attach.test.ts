import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { inPage } from '../helpers/in-page';
import { openTestPage, type TestPage } from '../helpers/launch';
import { cameraClip } from '../helpers/clip';

type Module = typeof import('./pages/filter-page');

let test: TestPage;
const run = <Result, Args = undefined>(body: (module: Module, args: Args) => Result | Promise<Result>, args?: Args): Promise<Result> =>
  inPage(test.page, 'test/browser/pages/filter-page.ts', body, args as Args);

beforeAll(async () => {
  test = await openTestPage({ cameraFile: await cameraClip() });
});
afterAll(() => test.close());

describe('attach', () => {
  it('styles the face of a real clip in a camera-fed <video>, inside its own origin only, and leaves nothing behind', async () => {
    const seen = await run(async ({ StyleFilter, BASE, playIn, untilStats }: Module) => {
      const stream = await navigator.mediaDevices.getUserMedia({ video: true });
      const video = await playIn(stream);
      const progress: { asset: string; loadedBytes: number; totalBytes: number }[] = [];
      const handle = await StyleFilter.attach(video, { ...BASE, onProgress: (step) => progress.push(step) });
      const errors: string[] = [];
      const states: string[] = [];
      handle.error$.subscribe((error) => errors.push(error.message));
      handle.state$.subscribe((state) => states.push(state));
      const stats = await untilStats(handle, ({ styledFrames }) => styledFrames >= 10);
      await handle.detach();
      const last = progress.at(-1);
      const result = { stats, errors, states, last, canvases: document.querySelectorAll('canvas').length, camera: stream.getVideoTracks()[0]!.readyState };
      stream.getTracks().forEach((track) => track.stop());
      video.remove();
      return result;
    });
    expect(seen.errors).toEqual([]);
    expect(seen.stats).toMatchObject({ faces: 1, widthPx: 640, heightPx: 480, backend: 'wasm', modelId: 'comic-lite', failedFrames: 0 });
    for (const stage of ['track', 'crop', 'generate', 'smooth', 'composite'] as const) expect(seen.stats.stageMs[stage]!.p95).toBeGreaterThan(0);
    expect(seen.states.at(-1)).toBe('detached');
    expect(seen.last!.loadedBytes).toBe(seen.last!.totalBytes);
    expect(seen.camera, 'a track given by the caller is not stopped').toBe('live');
    expect(seen.canvases).toBe(0);
    // The engine's worker and the threads of the WASM runtime in it.
    await expect.poll(() => test.page.workers().length, { timeout: 20_000 }).toBe(0);
    expect(test.requests.filter((url) => !url.startsWith(test.server.origin) && !/^(?:blob|data):/.test(url))).toEqual([]);
  });

  it('lays a canvas over the video that follows its box, object-fit and mirroring, lets clicks through, and goes at detach', async () => {
    const seen = await run(async ({ StyleFilter, BASE, openFakeCamera, ONE_FACE, playIn, untilStats }: Module) => {
      const camera = await openFakeCamera(ONE_FACE);
      const video = await playIn(camera.stream, 'width: 300px; height: 300px; margin: 17px 0 0 23px; object-fit: cover; border-radius: 12px; transform: scaleX(-1)');
      const handle = await StyleFilter.attach(video, BASE);
      await untilStats(handle, ({ frames }) => frames > 0);
      const frame = () => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
      const look = () => {
        const { canvas } = handle;
        const [a, b] = [canvas.getBoundingClientRect(), video.getBoundingClientRect()];
        const style = getComputedStyle(canvas);
        return {
          off: Math.max(...(['left', 'top', 'width', 'height'] as const).map((edge) => Math.abs(a[edge] - b[edge]))),
          fit: style.objectFit,
          transform: style.transform,
          radius: style.borderTopLeftRadius,
          under: document.elementFromPoint(b.left + 20, b.top + 20) === video,
          visibility: style.visibility,
          buffer: [canvas.width, canvas.height],
        };
      };
      while (handle.canvas.width !== 320) await frame();
      const first = look();
      video.style.width = '200px';
      video.style.objectFit = 'contain';
      video.style.transform = 'none';
      await frame();
      const second = look();
      await handle.detach();
      const left = document.querySelectorAll('canvas').length;
      camera.stop();
      video.remove();
      return { first, second, left };
    });
    expect(seen.first).toEqual({ off: 0, fit: 'cover', transform: 'matrix(-1, 0, 0, 1, 0, 0)', radius: '12px', under: true, visibility: 'visible', buffer: [320, 240] });
    expect(seen.second).toMatchObject({ off: 0, fit: 'contain', transform: 'none' });
    expect(seen.left).toBe(0);
  });

  it('gives the styled picture as a track, and with it the sound of the source', async () => {
    const seen = await run(async ({ StyleFilter, BASE, openFakeCamera, ONE_FACE }: Module) => {
      const camera = await openFakeCamera(ONE_FACE);
      const sound = new AudioContext().createMediaStreamDestination().stream.getAudioTracks()[0]!;
      const handle = await StyleFilter.attach(new MediaStream([camera.track, sound]), BASE);
      const same = handle.track === handle.track && handle.stream === handle.stream;
      const kinds = handle.stream.getTracks().map((track) => track.kind);
      const carriesSound = handle.stream.getAudioTracks()[0] === sound;
      const reader = new MediaStreamTrackProcessor({ track: handle.track as MediaStreamVideoTrack }).readable.getReader();
      const times: number[] = [];
      let size: number[] = [];
      while (times.length < 3) {
        const { value } = await reader.read();
        times.push(value!.timestamp);
        size = [value!.displayWidth, value!.displayHeight];
        value!.close();
      }
      const { track } = handle;
      await handle.detach();
      camera.stop();
      return { same, kinds: kinds.sort(), carriesSound, size, grows: times.every((time, i) => i === 0 || time > times[i - 1]!), after: track.readyState };
    });
    expect(seen).toEqual({ same: true, kinds: ['audio', 'video'], carriesSound: true, size: [320, 240], grows: true, after: 'ended' });
  });

  it('opens the camera itself, and then also stops it', async () => {
    const state = await run(async ({ StyleFilter, BASE, untilStats }: Module) => {
      const opened: MediaStream[] = [];
      const real = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
      navigator.mediaDevices.getUserMedia = async (constraints) => {
        opened.push(await real(constraints));
        return opened[0]!;
      };
      const handle = await StyleFilter.attach({ camera: { width: 640 } }, BASE);
      await untilStats(handle, ({ styledFrames }) => styledFrames > 0);
      await handle.detach();
      navigator.mediaDevices.getUserMedia = real;
      return opened[0]!.getVideoTracks()[0]!.readyState;
    });
    expect(state).toBe('ended');
  });

  it('draws a still picture until it has faded in, and again when a setting changes', async () => {
    const seen = await run(async ({ StyleFilter, BASE, untilStats }: Module) => {
      const image = new Image();
      image.src = '/test/fixtures/face.jpg';
      document.body.append(image);
      const handle = await StyleFilter.attach(image, BASE);
      const settled = async (least: number) => {
        for (let last = await untilStats(handle, ({ frames }) => frames >= least); ; ) {
          const next = await untilStats(handle, (stats) => stats !== last);
          if (next.frames === last.frames) return next;
          last = next;
        }
      };
      const first = await settled(2);
      await handle.setOptions({ opacity: 0.5 });
      const second = await settled(first.frames + 1);
      await handle.detach();
      image.remove();
      return { faces: [first.faces, second.faces], more: second.frames - first.frames };
    });
    expect(seen).toEqual({ faces: [1, 1], more: 1 });
  });

  it('runs the style head once for each new choice, and not again for one it knows', async () => {
    const seen = await run(async ({ StyleFilter, BASE, openFakeCamera, ONE_FACE, framesMore, refusal }: Module) => {
      const camera = await openFakeCamera(ONE_FACE);
      const handle = await StyleFilter.attach(camera.track, BASE);
      const runs: number[] = [];
      const change = async (structure: number) => {
        await handle.setStyle({ id: 'comic', structure });
        runs.push((await framesMore(handle, 2)).styleHeadRuns);
      };
      await change(0.2);
      await change(0.7);
      await change(0.2);
      const unknown = await refusal(handle.setStyle({ id: 'comic', exemplar: 'nobody' }));
      const bad = await refusal(handle.setOptions({ maxFaces: 9 }));
      const after = await framesMore(handle, 2);
      await handle.detach();
      const closed = await refusal(handle.setOptions({ opacity: 1 }));
      camera.stop();
      return { runs, unknown, bad, faces: after.faces, closed };
    });
    expect(seen.runs).toEqual([2, 3, 3]);
    expect(seen.unknown).toMatchObject({ code: 'bad-option' });
    expect(seen.unknown.message).toContain('options.style.exemplar');
    expect(seen.bad).toMatchObject({ code: 'bad-option', message: 'options.maxFaces must be an integer from 1 to 4, was 9.' });
    expect(seen.faces, 'a refused change leaves the filter running').toBe(1);
    expect(seen.closed.code).toBe('closed');
  });
});

describe('support', () => {
  it('says what this browser can do, with a sentence for each lack', async () => {
    const report = await run(({ StyleFilter }: Module) => StyleFilter.support());
    expect(report).toMatchObject({ supported: true, worker: true, trackInput: 'processor', trackOutput: 'page-generator', camera: true });
    expect(report.webgpu).not.toBe('gpu');
    expect(report.reasons).toContainEqual(expect.stringContaining('WebGPU'));
  });
});
