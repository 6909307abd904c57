import type { Page } from 'puppeteer';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cameraClip } from '../helpers/clip';
import { openTestPage, type TestPage } from '../helpers/launch';

const PATIENCE = { timeout: 150_000, polling: 200, interval: 200 };
/** A place in the clip's face. */
const CHEEK = [290, 330] as const;
const SIZE = { width: 640, height: 480 };
const OVERLAY = '/demo/overlay/?camera=MJPEG&width=640&height=480';
/** A browser source as OBS makes one: the size of its canvas, and the CSS it puts into every page unless told otherwise. */
const SOURCE_SIZE = { width: 1920, height: 1080 };
const SOURCE_CSS = 'body { background-color: rgba(0, 0, 0, 0); margin: 0px auto; overflow: hidden; }';

let test: TestPage;

/** Colours of places in a screenshot whose page has no background of its own: red, green, blue, opacity. */
async function screenshotAt(places: readonly (readonly [x: number, y: number])[]): Promise<number[][]> {
  const png = await test.page.screenshot({ omitBackground: true, encoding: 'base64' });
  return test.page.evaluate(`(async () => {
    const bytes = Uint8Array.from(atob(${JSON.stringify(png)}), (letter) => letter.charCodeAt(0));
    const picture = await createImageBitmap(new Blob([bytes], { type: 'image/png' }));
    const context = new OffscreenCanvas(picture.width, picture.height).getContext('2d');
    context.drawImage(picture, 0, 0);
    return ${JSON.stringify(places)}.map(([x, y]) => [...context.getImageData(x, y, 1, 1).data]);
  })()`) as Promise<number[][]>;
}

const live = (page: Page = test.page) => page.waitForSelector('#picture.live canvas', { timeout: PATIENCE.timeout });
const gone = () => test.page.waitForFunction(() => document.querySelector('#picture.live') === null, PATIENCE);

beforeAll(async () => {
  test = await openTestPage({ cameraFile: await cameraClip(60) });
  await test.page.setViewport(SIZE);
  // Stands in for a cable: what the page opens can be taken away and held back from outside.
  await test.page.evaluateOnNewDocument(() => {
    const open = Object.getOwnPropertyDescriptor(MediaDevices.prototype, 'getUserMedia')!.value as (constraints?: MediaStreamConstraints) => Promise<MediaStream>;
    const wire = { plugged: true, opened: [] as MediaStreamTrack[] };
    Object.assign(window, { wire });
    MediaDevices.prototype.getUserMedia = async function (constraints) {
      if (!wire.plugged) throw new DOMException('Requested device not found', 'NotFoundError');
      const stream = await open.call(this, constraints);
      wire.opened.push(...stream.getTracks());
      return stream;
    };
  });
});
afterAll(() => test.close());

describe('overlay', () => {
  it('shows a styled head and nothing around it', async () => {
    await test.page.goto(`${test.server.origin}${OVERLAY}`);
    await live();
    // A head that has just been found fades in.
    await expect.poll(async () => (await screenshotAt([CHEEK]))[0]![3], PATIENCE).toBe(255);
    const [face, ...corners] = await screenshotAt([CHEEK, [2, 2], [637, 2], [2, 477], [637, 477]]);
    expect(corners.map((corner) => corner[3])).toEqual([0, 0, 0, 0]);
    // The clip's skin is pale; the look paints it in strong orange.
    expect(face![0]! - face![2]!, `red over blue in ${face!.join()}`).toBeGreaterThan(100);
  });

  it('has nothing to click and nothing written on it', async () => {
    const found = await test.page.evaluate(() => ({ controls: document.querySelectorAll('button, input, select, a, video').length, text: document.body.innerText.trim() }));
    expect(found).toEqual({ controls: 0, text: '' });
  });

  it('is empty while its camera is gone and comes back with it', async () => {
    await test.page.evaluate(() => {
      const { wire } = window as unknown as { wire: { plugged: boolean; opened: MediaStreamTrack[] } };
      wire.plugged = false;
      for (const track of wire.opened.splice(0)) {
        track.stop();
        track.dispatchEvent(new Event('ended'));
      }
    });
    await gone();
    expect((await screenshotAt([CHEEK]))[0]![3]).toBe(0);
    await test.page.evaluate(() => {
      (window as unknown as { wire: { plugged: boolean } }).wire.plugged = true;
      navigator.mediaDevices.dispatchEvent(new Event('devicechange'));
    });
    await live();
    await expect.poll(async () => (await screenshotAt([CHEEK]))[0]![3], PATIENCE).toBe(255);
  });

  it('waits for a camera of another name, and says so where it is asked to', async () => {
    await test.page.goto(`${test.server.origin}/demo/overlay/?camera=Studio&colour=1&debug=1`);
    await test.page.waitForFunction(() => document.querySelector('#note')!.textContent.startsWith('There is no camera with “studio” in its name'), PATIENCE);
    expect(await test.page.$('#picture.live')).toBeNull();
  });
});

describe('under the conditions of OBS’s browser source', () => {
  it('fills a canvas of 1920×1080 with the styled head and leaves the rest of it empty', async () => {
    await test.page.setViewport(SOURCE_SIZE);
    await test.page.goto(`${test.server.origin}${OVERLAY}`);
    await test.page.addStyleTag({ content: SOURCE_CSS });
    await live();
    // 640×480 in the middle of the canvas, as high as it is.
    const scale = SOURCE_SIZE.height / SIZE.height;
    const left = (SOURCE_SIZE.width - SIZE.width * scale) / 2;
    const cheek = [left + CHEEK[0] * scale, CHEEK[1] * scale] as const;
    await expect.poll(async () => (await screenshotAt([cheek]))[0]![3], PATIENCE).toBe(255);
    const [face, ...around] = await screenshotAt([cheek, [2, 2], [1917, 2], [2, 1077], [1917, 1077], [left / 2, 540], [1920 - left / 2, 540]]);
    expect(around.map((place) => place[3])).toEqual([0, 0, 0, 0, 0, 0]);
    expect(face![0]! - face![2]!, `red over blue in ${face!.join()}`).toBeGreaterThan(100);
    const scrolls = await test.page.evaluate(() => [document.documentElement.scrollWidth, document.documentElement.scrollHeight]);
    expect(scrolls).toEqual([1920, 1080]);
  });
});

describe('page that builds the address', () => {
  it('puts every control into the address and goes on from one it is given', async () => {
    await test.page.setViewport({ width: 1280, height: 900 });
    await test.page.goto(`${test.server.origin}/demo/overlay/build.html?camera=Studio&fps=24`);
    await test.page.waitForSelector('#looks input');
    await test.page.select('#size', '640×480');
    await test.page.click('#mirror');
    await test.page.$eval('#looks input[value=noir]', (input) => input.click());
    await test.page.focus('#slider-structure');
    await test.page.keyboard.press('ArrowLeft');
    const address = new URL(await test.page.$eval('#address', (code) => code.textContent));
    expect(address.pathname).toBe('/demo/overlay/');
    expect(Object.fromEntries(address.searchParams)).toEqual({ camera: 'Studio', fps: '24', width: '640', height: '480', mirror: '1', exemplar: 'noir', structure: '0.99' });
    await test.page.waitForFunction((wanted) => document.querySelector<HTMLIFrameElement>('#preview')!.src === `${wanted}&debug=1`, PATIENCE, address.href);
  });
});

it('asks no other origin for anything', () => {
  expect(test.requests.filter((url) => !url.startsWith(test.server.origin) && !/^(data|blob):/.test(url))).toEqual([]);
});
