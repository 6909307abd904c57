import type { CDPSession, WebWorker } from 'puppeteer';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { inPage } from '../helpers/in-page';
import { openTestPage, type TestPage } from '../helpers/launch';
import { addTinyStyle } from '../helpers/tiny-assets';

type Module = typeof import('./pages/filter-page');

let test: TestPage;
let cdp: CDPSession;
/** Every line that the page or a worker has logged, the browser's own warnings included. */
const lines: string[] = [];
const run = <Result, Args = undefined>(body: (module: Module, args: Args) => Result | Promise<Result>, args?: Args): Promise<Result> =>
  inPage(test.page, 'test/browser/pages/filter-page.ts', body, args as Args);

async function listen(session: CDPSession): Promise<void> {
  session.on('Log.entryAdded', ({ entry }) => lines.push(entry.text));
  session.on('Runtime.consoleAPICalled', ({ args }) => lines.push(args.map(({ value }) => String(value)).join(' ')));
  await Promise.all([session.send('Log.enable'), session.send('Runtime.enable')]);
}

beforeAll(async () => {
  test = await openTestPage({ crossOriginIsolated: false });
  addTinyStyle(test.server.overrides);
  cdp = await test.page.createCDPSession();
  await listen(cdp);
  test.page.on('workercreated', (worker: WebWorker) => void listen(worker.client).catch(() => undefined));
});
beforeEach(() => {
  lines.length = 0;
});
afterAll(() => test.close());

/** Collects garbage in the page and its workers, and says how many bytes of JavaScript objects are left. */
async function collect(): Promise<number> {
  let bytes = 0;
  for (const session of [cdp, ...test.page.workers().map(({ client }) => client)]) {
    for (let round = 0; round < 3; round += 1) await session.send('HeapProfiler.collectGarbage');
    bytes += (await session.send('Runtime.getHeapUsage')).usedSize;
  }
  return bytes;
}

const noWorkers = () => expect.poll(() => test.page.workers().length, { timeout: 20_000 }).toBe(0);

/** Listeners on a value of the page, by type. */
async function listenersOn(expression: string): Promise<string[]> {
  const { result } = await cdp.send('Runtime.evaluate', { expression });
  const { listeners } = await cdp.send('DOMDebugger.getEventListeners', { objectId: result.objectId! });
  return listeners.map(({ type }) => type).sort();
}

const CONTEXT_LEAK = /Too many active WebGL contexts/;
const FRAME_LEAK = /garbage collected without being closed/;
const count = (pattern: RegExp): number => lines.filter((line) => pattern.test(line)).length;

const ROUNDS = 10;

describe('the guard of these tests', () => {
  it('sees a frame that is never closed', async () => {
    await run(async ({ ONE_FACE, openStage }: Module) => {
      (await openStage(320, 240))(ONE_FACE, 0);
    });
    await expect.poll(async () => (await collect()) && count(FRAME_LEAK) > 0, { timeout: 20_000 }).toBe(true);
  });
});

describe('ten attaches and detaches', () => {
  it.each(['auto', 'page'] as const)('with place %s leave no worker, canvas, context or listener', async (place) => {
    await run(async ({ ONE_FACE, openFakeCamera, playIn }: Module) => {
      const camera = await openFakeCamera(ONE_FACE);
      Object.assign(globalThis, { camera, video: await playIn(camera.stream) });
    });
    const targets = ['video', 'camera.track', 'document', 'window'];
    const before = await Promise.all(targets.map(listenersOn));
    await run(async ({ StyleFilter, TINY, untilStats }: Module, [where, rounds]) => {
      const { video } = globalThis as unknown as { video: HTMLVideoElement };
      for (let round = 0; round < rounds; round += 1) {
        const handle = await StyleFilter.attach(video, { ...TINY, place: where });
        void handle.track;
        await untilStats(handle, ({ frames }) => frames > 0);
        const first = handle.detach();
        if (handle.detach() !== first) throw new Error('detach() is not idempotent.');
        await first;
      }
    }, [place, ROUNDS] as const);
    await noWorkers();
    await collect();
    expect(await Promise.all(targets.map(listenersOn))).toEqual(before);
    expect(count(CONTEXT_LEAK)).toBe(0);
    // Chromium now and then loses, unclosed, the frame that is on its way into a track's stream when that is cancelled;
    // a leak of ours would show in every round.
    expect(count(FRAME_LEAK)).toBeLessThan(ROUNDS / 2);
    const left = await run(() => {
      const { video, camera } = globalThis as unknown as { video: HTMLVideoElement; camera: { stop(): void } };
      const canvases = document.querySelectorAll('canvas').length;
      camera.stop();
      video.remove();
      return canvases;
    });
    expect(left).toBe(0);
  });
});

describe('300 frames', () => {
  it('are all closed, and memory stays flat', async () => {
    await run(async ({ StyleFilter, TINY, ONE_FACE, openStage }: Module) => {
      const processor = await StyleFilter.createProcessor(TINY);
      const draw = await openStage(320, 240);
      const send = async (count: number) => {
        for (let i = 0; i < count; i += 1) {
          const { picture } = await processor.process(draw(ONE_FACE, i * 33_333).image);
          picture.close();
        }
      };
      Object.assign(globalThis, { processor, send });
      await send(50);
    });
    const bytesBefore = await collect();
    const stats = await run(async () => {
      const { processor, send } = globalThis as unknown as { processor: import('../../sdk/index').FrameProcessor; send: (count: number) => Promise<void> };
      await send(300);
      return processor.stats();
    });
    const bytesAfter = await collect();
    expect(stats).toMatchObject({ frames: 350, styledFrames: 350, dropped: 0, failedFrames: 0, openFrames: 0 });
    expect(bytesAfter - bytesBefore, 'JavaScript objects of page and worker').toBeLessThan(1_000_000);
    expect(count(FRAME_LEAK)).toBe(0);
    await run(() => (globalThis as unknown as { processor: import('../../sdk/index').FrameProcessor }).processor.close());
    await noWorkers();
  }, 600_000);
});

describe('a handle that is forgotten', () => {
  it('is told of on the console', async () => {
    await run(async ({ StyleFilter, TINY }: Module) => void (await StyleFilter.createProcessor(TINY)));
    await expect.poll(async () => (await collect()) && lines.some((line) => line.includes('StyleFilter: a frame processor was garbage collected without being closed.')), { timeout: 20_000 }).toBe(true);
  });
});
