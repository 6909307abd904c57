import type { Page } from 'puppeteer';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openExtensionPage, REAL_CAMERA as REAL, VIRTUAL_CAMERA as VIRTUAL, type ExtensionTestPage } from '../helpers/extension';
import { inPage } from '../helpers/in-page';

type Module = typeof import('./pages/extension-page');

const PATIENCE = { timeout: 150_000, interval: 200 };
/** A rate is taken over at least so many milliseconds, and so many frames. */
const LEAST = [4000, 12] as const;
const LEAST_HIDDEN = [30_000, 12] as const;
const ROUNDS = 10;

let test: ExtensionTestPage;
let popup: Page;
const lines: string[] = [];
const run = <Result, Args = undefined>(body: (module: Module, args: Args) => Result | Promise<Result>, args?: Args, page = test.page): Promise<Result> =>
  inPage(page, 'test/browser/pages/extension-page.ts', body, args as Args);

/** Changes settings as the popup would, and lets the engine begin anew with them. */
async function restartWith(settings: object): Promise<void> {
  await popup.evaluate(`chrome.storage.local.set({ settings: ${JSON.stringify(settings)} })`);
  await popup.evaluate(`chrome.offscreen.hasDocument().then((is) => is && chrome.offscreen.closeDocument())`);
}

const enginePage = async (): Promise<Page> => (await test.browser.waitForTarget((target) => target.url().endsWith('/offscreen.html'))).asPage();

/** How many objects of a class are alive in a page, after collecting garbage; tracks only until they have ended. */
async function alive(page: Page, name: string, label = ''): Promise<number> {
  const prototype = await page.evaluateHandle(`${name}.prototype`);
  const objects = await page.queryObjects(prototype);
  return objects.evaluate((all, wanted) => {
    // A derived class's prototype is among them, and refuses to be asked.
    const isPrototype = (object: object): boolean => Object.hasOwn(object, 'constructor');
    const tracks = (all as unknown as MediaStreamTrack[]).filter((object) => !isPrototype(object));
    return tracks.filter((track) => !('readyState' in track) || (track.readyState === 'live' && track.label.includes(wanted))).length;
  }, label);
}

beforeAll(async () => {
  test = await openExtensionPage();
  const strict = { 'Content-Security-Policy': "default-src 'none'; script-src 'self'" };
  // The page takes hold of the functions in its very first script, which nothing of the extension is told of.
  test.server.overrides.set('/first.js', { type: 'text/javascript', body: 'window.first = { open: navigator.mediaDevices.getUserMedia, list: MediaDevices.prototype.enumerateDevices };' });
  test.server.overrides.set('/strict', { type: 'text/html', headers: strict, body: '<!doctype html><title>call</title><script src="/first.js"></script><body></body>' });
  popup = test.own;
  await popup.setViewport({ width: 360, height: 1300 });
  test.page.on('console', (message) => lines.push(message.text()));
  await test.page.goto(`${test.server.origin}/strict`);
});
afterAll(() => test.close());

describe('the list of devices', () => {
  it('has the camera in it, made like every other device', async () => {
    const device = await run(async () => {
      const all = await navigator.mediaDevices.enumerateDevices();
      const found = all.find(({ label }) => label === 'StyleFilter Camera')! as InputDeviceInfo;
      const real = all.find(({ kind, label }) => kind === 'videoinput' && label !== found.label)!;
      const { deviceId, groupId, kind, label } = found;
      return {
        fields: { deviceId, groupId, kind, label },
        json: JSON.parse(JSON.stringify(found)),
        classes: [found instanceof InputDeviceInfo, found instanceof MediaDeviceInfo, Object.prototype.toString.call(found)],
        keys: [Object.keys(found), Object.keys(real)],
        most: found.getCapabilities().width?.max,
        differs: deviceId !== real.deviceId && groupId !== real.groupId,
      };
    });
    expect(device.json).toEqual(device.fields);
    expect(device.fields).toEqual({ deviceId: expect.stringMatching(/^[0-9a-f]{64}$/), groupId: expect.stringMatching(/^[0-9a-f]{64}$/), kind: 'videoinput', label: VIRTUAL });
    expect(device).toMatchObject({ classes: [true, true, '[object InputDeviceInfo]'], keys: [[], []], most: 1280, differs: true });
  });

  it('leaves no trace on the functions', async () => {
    const native = await run(() => {
      const descriptor = Object.getOwnPropertyDescriptor(MediaDevices.prototype, 'getUserMedia')!;
      const { name, length } = descriptor.value as { name: string; length: number };
      return { name, length, text: Function.prototype.toString.call(descriptor.value), enumerable: descriptor.enumerable };
    });
    expect(native).toEqual({ name: 'getUserMedia', length: 0, text: expect.stringContaining('[native code]'), enumerable: true });
  });
});

describe('a call on a page whose policy forbids everything but its own scripts', () => {
  it('gets styled pictures at its other end', async () => {
    const found = await run(async ({ callItself, distances, openCamera, rawPictures }: Module, [real, virtual]) => {
      const raw = await rawPictures(real!);
      const stream = await openCamera(virtual!, true);
      Object.assign(window, { raw, stream, call: await callItself(stream) });
      const apart = raw.map((picture, index) => distances(picture, raw.filter((_, other) => other !== index)).face);
      return { apart: Math.max(...apart), tracks: stream.getTracks().map(({ kind, label }) => [kind, label]), frames: document.querySelectorAll('iframe').length };
    }, [REAL, VIRTUAL]);
    expect(found.tracks).toEqual([['audio', expect.stringContaining('Fake')], ['video', VIRTUAL]]);
    expect(found.frames).toBe(0);
    const received = () => run(async ({ distances, picturesOf }: Module) => {
      const { call, raw } = window as unknown as { call: import('./pages/extension-page').Call; raw: import('./pages/extension-page').Picture[] };
      const [picture] = await picturesOf(call.received.getVideoTracks()[0]!, 1);
      return distances(picture!, raw);
    });
    // Around the face the clip as it is; in it nothing like any picture of the clip, which are alike among themselves.
    await expect.poll(async () => (await received()).corner, PATIENCE).toBeLessThan(15);
    await expect.poll(async () => (await received()).face, PATIENCE).toBeGreaterThan(Math.max(15, 2 * found.apart));
  });

  it('gets the sound as it is', async () => {
    const sound = () => run(async () => (window as unknown as { call: import('./pages/extension-page').Call }).call.arrived());
    const before = await sound();
    await expect.poll(async () => (await sound()).audioEnergy, PATIENCE).toBeGreaterThan(before.audioEnergy);
    await expect.poll(async () => (await sound()).audioPackets, PATIENCE).toBeGreaterThan(before.audioPackets);
  });

  it('keeps at least half its rate while the page is hidden for half a minute', async () => {
    const measure = (least: readonly [number, number] = LEAST) => run(async ({ rateOf }: Module, least) => rateOf((window as unknown as { call: import('./pages/extension-page').Call }).call, ...least), least);
    const before = await measure();
    await popup.bringToFront();
    await expect.poll(() => test.page.evaluate(() => document.hidden), PATIENCE).toBe(true);
    const hidden = await measure(LEAST_HIDDEN);
    await test.page.bringToFront();
    await expect.poll(() => test.page.evaluate(() => document.hidden), PATIENCE).toBe(false);
    const after = await measure();
    expect([before.hidden, hidden.hidden, after.hidden]).toEqual([false, true, false]);
    // The lesser of the two: other work on the machine slows all three alike.
    expect(hidden.rate).toBeGreaterThanOrEqual(Math.min(before.rate, after.rate) / 2);
  }, 300_000);
});

describe('the track', () => {
  it('answers as a camera’s does, and takes new constraints', async () => {
    const answer = await run(async ({ readTrack }: Module) => {
      const track = (window as unknown as { stream: MediaStream }).stream.getVideoTracks()[0]!;
      const sizes: string[] = [];
      const { width, height, deviceId, aspectRatio } = track.getSettings();
      await track.applyConstraints({ width: 320, height: { exact: 180 }, frameRate: { max: 10 } });
      await readTrack(track, ({ codedWidth, codedHeight }) => sizes.push(`${codedWidth}×${codedHeight}`) === 1);
      const refused = await track.applyConstraints({ width: { min: 4000 } }).catch((error: OverconstrainedError) => [error instanceof OverconstrainedError, error.constraint]);
      return {
        first: { width, height, aspectRatio },
        constraints: track.getConstraints(),
        settings: track.getSettings(),
        sizes,
        refused,
        same: deviceId === track.getCapabilities().deviceId,
        most: track.getCapabilities().width?.max,
        kind: [track.constructor.name, track.kind, track.label, track.readyState],
      };
    });
    expect(answer).toMatchObject({
      first: { width: 640, height: 480, aspectRatio: 4 / 3 },
      constraints: { width: 320, height: { exact: 180 }, frameRate: { max: 10 } },
      settings: { width: 320, height: 180, frameRate: 10 },
      sizes: ['320×180'],
      refused: [true, 'width'],
      same: true,
      most: 640,
      kind: ['MediaStreamTrack', 'video', VIRTUAL, 'live'],
    });
  });

  it('lives as long as its last clone', async () => {
    const answer = await run(async ({ readTrack }: Module) => {
      const { stream } = window as unknown as { stream: MediaStream };
      const copy = stream.clone();
      const clone = copy.getVideoTracks()[0]!.clone();
      for (const track of [...stream.getTracks(), ...copy.getTracks()]) track.stop();
      let frames = 0;
      await readTrack(clone, () => (frames += 1) === 3);
      const lived = [clone.label, clone.readyState, clone.getSettings().deviceId === stream.getVideoTracks()[0]!.getSettings().deviceId];
      clone.stop();
      (window as unknown as { call: { close(): void } }).call.close();
      return { lived, now: clone.readyState };
    });
    expect(answer).toEqual({ lived: [VIRTUAL, 'live', true], now: 'ended' });
    // With the last track the camera itself is let go.
    await expect.poll(async () => alive(await enginePage(), 'MediaStreamTrack', REAL), PATIENCE).toBe(0);
  });
});

describe('asking for the camera', () => {
  it('works by string, array, exact and ideal, and by nothing; other ids get other cameras', async () => {
    const labels = await run(async ({ cameraId }: Module, [real, virtual]) => {
      const [ours, theirs] = [await cameraId(virtual!), await cameraId(real!)];
      const asked: (boolean | MediaTrackConstraints)[] = [{ deviceId: ours }, { deviceId: [ours] }, { deviceId: { exact: ours } }, { deviceId: { ideal: ours } }, true, { deviceId: theirs }, { deviceId: { exact: theirs } }];
      const labels: string[] = [];
      for (const video of asked) {
        const stream = await navigator.mediaDevices.getUserMedia({ video });
        labels.push(stream.getVideoTracks()[0]!.label);
        for (const track of stream.getTracks()) track.stop();
      }
      return labels;
    }, [REAL, VIRTUAL]);
    expect(labels.map((label) => label === VIRTUAL)).toEqual([true, true, true, true, true, false, false]);
  });

  it('works through functions that a page took hold of first, and in frames', async () => {
    const answer = await run(async ({ cameraId }: Module, virtual) => {
      type Functions = { open: MediaDevices['getUserMedia']; list: MediaDevices['enumerateDevices'] };
      const { open, list } = (window as unknown as { first: Functions }).first;
      const listed = (await list.call(navigator.mediaDevices)).some(({ label }) => label === virtual);
      const frame = document.createElement('iframe');
      document.body.append(frame);
      const inner = frame.contentWindow!.navigator.mediaDevices;
      const inFrame = (await inner.enumerateDevices()).some(({ label }) => label === virtual);
      const video = { deviceId: { exact: await cameraId(virtual) } };
      const streams = [await open.call(navigator.mediaDevices, { video }), await inner.getUserMedia({ video })];
      const legacy = await new Promise<MediaStream>((resolve, reject) => {
        (navigator as unknown as { webkitGetUserMedia(...args: unknown[]): void }).webkitGetUserMedia({ video }, resolve, reject);
      });
      const labels = [...streams, legacy].map((stream) => stream.getVideoTracks()[0]!.label);
      for (const stream of [...streams, legacy]) stream.getTracks().forEach((track) => track.stop());
      frame.remove();
      return { listed, inFrame, labels };
    }, VIRTUAL);
    expect(answer).toEqual({ listed: true, inFrame: true, labels: [VIRTUAL, VIRTUAL, VIRTUAL] });
  });

  it('works several times at once, while the page rebuilds itself', async () => {
    const labels = await run(async ({ openCamera }: Module, virtual) => {
      const opening = Promise.all(Array.from({ length: 5 }, () => openCamera(virtual)));
      // As frameworks do when they draw their first page.
      const rebuilding = setInterval(() => document.body.replaceChildren(document.createElement('main')), 1);
      const streams = await opening;
      clearInterval(rebuilding);
      document.body.replaceChildren();
      const tracks = streams.flatMap((stream) => stream.getVideoTracks());
      const labels = tracks.map(({ label, readyState }) => `${label} ${readyState}`);
      tracks.forEach((track) => track.stop());
      return labels;
    }, VIRTUAL);
    expect(labels).toEqual(Array<string>(5).fill(`${VIRTUAL} live`));
  });

  it('goes on while the browser stops the service worker, and opens again through a new one', async () => {
    await run(async ({ openCamera }: Module, virtual) => Object.assign(window, { kept: await openCamera(virtual) }), VIRTUAL);
    const worker = await test.browser.waitForTarget((target) => target.url().endsWith('/service-worker.js'));
    await (await worker.worker())!.close();
    const lived = await run(async ({ openCamera, readTrack }: Module, virtual) => {
      const { kept } = window as unknown as { kept: MediaStream };
      let frames = 0;
      await readTrack(kept.getVideoTracks()[0]!, () => (frames += 1) === 3);
      const tracks = [...kept.getTracks(), ...(await openCamera(virtual)).getTracks()];
      const states = tracks.map(({ readyState }) => readyState);
      tracks.forEach((track) => track.stop());
      return states;
    }, VIRTUAL);
    expect(lived).toEqual(['live', 'live']);
  });

  it('ten times leaks nothing', async () => {
    const openAndClose = (rounds: number) => run(async ({ openCamera }: Module, [virtual, count]) => {
      for (let round = 0; round < count; round += 1) {
        const [track] = (await openCamera(virtual)).getVideoTracks();
        track!.stop();
      }
    }, [VIRTUAL, rounds] as const);
    const census = async () => {
      const engine = await enginePage();
      const counts: Record<string, number> = { elements: await test.page.evaluate(() => document.querySelectorAll('*').length) };
      for (const name of ['MessagePort', 'MediaStreamTrack', 'VideoFrame']) Object.assign(counts, { [`page ${name}`]: await alive(test.page, name), [`engine ${name}`]: await alive(engine, name) });
      return counts;
    };
    // Without anybody the engine closes after a while, and there would be nothing to count in; while it loads, it makes things.
    await run(async ({ fromCard, openCamera, picturesOf }: Module, virtual) => {
      const keeper = await openCamera(virtual);
      while (fromCard((await picturesOf(keeper.getVideoTracks()[0]!, 1))[0]!) < 10);
      Object.assign(window, { keeper });
    }, VIRTUAL);
    await openAndClose(1);
    const before = await census();
    await openAndClose(ROUNDS);
    // One or the other is always on its way in or out; what is lost in every round would be more.
    const grown = async () => Object.entries(await census()).filter(([name, count]) => count >= before[name]! + ROUNDS / 2);
    await expect.poll(grown, PATIENCE).toEqual([]);
    await test.page.evaluate(() => (window as unknown as { keeper: MediaStream }).keeper.getTracks().forEach((track) => track.stop()));
    expect(lines.filter((line) => line.includes('without being closed'))).toEqual([]);
  });
});

describe('when styling fails', () => {
  // There is no last picture to hold where none was ever styled; the raw one does not take its place.
  it.each([['hold', false], ['card', false], ['pass', true]] as const)('“%s” is done as the user chose', async (privacy, raw) => {
    await restartWith({ style: 'missing', privacy });
    const found = await run(async ({ distances, fromCard, openCamera, picturesOf }: Module, [virtual, wantsRaw]) => {
      const [track] = (await openCamera(virtual)).getVideoTracks();
      const { raw } = window as unknown as { raw: import('./pages/extension-page').Picture[] };
      let pictures = await picturesOf(track!, 5);
      // The card is what goes out until it is clear that there is no filter.
      while (wantsRaw && fromCard(pictures[0]!) < 10) pictures = await picturesOf(track!, 1);
      track!.stop();
      return { card: Math.max(...pictures.map(fromCard)), face: distances(pictures[0]!, raw).face };
    }, [VIRTUAL, raw] as const);
    if (raw) expect(found.face).toBeLessThan(10);
    else expect(found.card).toBeLessThan(3);
  });
});

describe('the popup', () => {
  it('shows the styled picture and every setting, and stores nothing but those', async () => {
    await restartWith({});
    await popup.bringToFront();
    await popup.goto(test.url('popup.html'));
    await popup.waitForFunction(() => {
      const canvas = document.querySelector<HTMLCanvasElement>('#preview')!;
      const [red, green, blue] = canvas.getContext('2d')!.getImageData(320, 240, 1, 1).data;
      return Math.abs(red! - green!) + Math.abs(green! - blue!) > 30;
    }, { timeout: 150_000, polling: 200 });
    await popup.focus('#slider-opacity');
    await popup.keyboard.press('ArrowLeft');
    const kept = await popup.evaluate(`(async () => ({
      stored: Object.keys(await chrome.storage.local.get(null)),
      opacity: (await chrome.storage.local.get('settings')).settings.opacity,
      caches: await caches.keys(), databases: await indexedDB.databases(), items: localStorage.length,
      problem: document.querySelector('#problem').textContent,
    }))()`);
    expect(kept).toEqual({ stored: ['settings'], opacity: 0.99, caches: [], databases: [], items: 0, problem: '' });
  });

  it('takes the camera away from every page when it is switched off', async () => {
    await test.page.bringToFront();
    await run(async ({ openCamera }: Module, virtual) => {
      const [track] = (await openCamera(virtual)).getVideoTracks();
      const heard: string[] = [];
      track!.addEventListener('ended', () => heard.push('ended'));
      navigator.mediaDevices.addEventListener('devicechange', () => heard.push('devicechange'));
      Object.assign(window, { heard });
    }, VIRTUAL);
    await popup.$eval('#on', (input) => (input as HTMLInputElement).click());
    await expect.poll(() => test.page.evaluate(() => [...new Set((window as unknown as { heard: string[] }).heard)].sort()), PATIENCE).toEqual(['devicechange', 'ended']);
    expect(await run(async () => (await navigator.mediaDevices.enumerateDevices()).some(({ label }) => label === 'StyleFilter Camera'))).toBe(false);
    const label = await run(async () => {
      const [track] = (await navigator.mediaDevices.getUserMedia({ video: true })).getVideoTracks();
      track!.stop();
      return track!.label;
    });
    expect(label).toContain(REAL);
  });
});

it('asks no other origin for anything', () => {
  expect(test.requests.filter((url) => !url.startsWith(test.server.origin) && !/^(chrome-extension|data|blob):/.test(url))).toEqual([]);
});
