import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cameraClip } from '../helpers/clip';
import { openTestPage, type TestPage } from '../helpers/launch';

const PATIENCE = { timeout: 150_000 };
const PHONE = { width: 390, height: 844 };

let test: TestPage;

const text = (selector: string): Promise<string> => test.page.$eval(selector, (element) => element.textContent ?? '');
const isHidden = (selector: string): Promise<boolean> => test.page.$eval(selector, (element) => element.hasAttribute('hidden'));
const figure = (label: string): Promise<string> =>
  test.page.$$eval('#figures div', (rows, wanted) => rows.find((row) => row.querySelector('dt')?.textContent === wanted)?.querySelector('dd')?.textContent ?? '', label);

/** Opens the demo and waits until something has come of it. */
async function openDemo(): Promise<void> {
  await test.page.goto(`${test.server.origin}/demo/page/`);
}

async function waitForStyledVideo(): Promise<void> {
  await test.page.waitForFunction(() => document.querySelector('#stage canvas') !== null && Number(document.querySelector('#figures dd')?.textContent) > 0, PATIENCE);
}

async function waitForProblem(pattern: string): Promise<void> {
  await test.page.waitForFunction((wanted) => new RegExp(wanted).test(document.querySelector('#problem-text')?.textContent ?? ''), PATIENCE, pattern);
}

beforeAll(async () => {
  test = await openTestPage({ cameraFile: await cameraClip(), cameraAllowed: false });
  await test.page.setViewport(PHONE);
});
afterAll(() => test.close());

describe('demo page', () => {
  it('says in words that a model is damaged, and shows the video as it is', async () => {
    test.server.overrides.set('/assets/models/comic-lite/student.onnx', { body: 'no model', type: 'application/octet-stream' });
    await openDemo();
    await waitForProblem('damaged.*without the cache');
    expect(await isHidden('#problem')).toBe(false);
    expect(await isHidden('#loading')).toBe(true);
    expect(await test.page.$eval('#video', (video) => (video as HTMLVideoElement).videoWidth)).toBe(640);
    test.server.overrides.clear();
  });

  it('styles the sample clip and tells how fast, without asking another origin for anything', async () => {
    test.requests.length = 0;
    test.errors.length = 0;
    await openDemo();
    await waitForStyledVideo();
    expect(await figure('network')).toBe('comic-lite');
    expect(await figure('runs on')).toBe('WASM');
    await test.page.waitForFunction(() => Array.from(document.querySelectorAll('#stages tr')).every((row) => /ms/.test(row.textContent ?? '')), PATIENCE);
    expect(test.requests.filter((url) => !/^(data|blob):/.test(url) && !url.startsWith(test.server.origin))).toEqual([]);
    expect(test.errors).toEqual([]);
  });

  it.each([PHONE, { width: 1280, height: 900 }])('fits a window $width pixels wide', async (viewport) => {
    await test.page.setViewport(viewport);
    const widths = await test.page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
    expect(widths[0]).toBeLessThanOrEqual(widths[1]!);
  });

  it('names every control', async () => {
    const nameless = await test.page.evaluate(() =>
      Array.from(document.querySelectorAll<HTMLElement>('input, select, button, summary, [role=slider], video, pre')).filter((element) => {
        const labels = (element as HTMLInputElement).labels ?? [];
        const labelled = document.getElementById(element.getAttribute('aria-labelledby') ?? '');
        return !(element.getAttribute('aria-label') ?? labelled?.textContent ?? labels[0]?.textContent ?? element.textContent)?.trim();
      }).map((element) => element.outerHTML),
    );
    expect(nameless).toEqual([]);
  });

  it('changes look and weight from the keyboard, and says how to write it', async () => {
    await test.page.focus('#looks input:checked');
    const before = await test.page.$eval('#looks input:checked', (input) => (input).value);
    await test.page.keyboard.press('ArrowRight');
    const after = await test.page.$eval('#looks input:checked', (input) => (input).value);
    expect(after).not.toBe(before);
    await test.page.focus('#slider-opacity');
    await test.page.keyboard.press('ArrowLeft');
    expect(await test.page.$eval('#slider-opacity', (input) => input.getAttribute('aria-valuetext'))).toBe('99 %');
    expect(await text('#code')).toContain(`style: { id: 'comic', exemplar: '${after}' }`);
    expect(await text('#code')).toContain('opacity: 0.99');
    expect(await isHidden('#problem')).toBe(true);
  });

  it('shows before and after, divided by a line that the keyboard moves', async () => {
    await test.page.focus('#compare');
    await test.page.keyboard.press('Space');
    await test.page.focus('#split');
    const place = () => test.page.$eval('#split', (line) => line.getAttribute('aria-valuenow'));
    const clip = () => test.page.$eval('#stage canvas', (canvas) => (canvas as HTMLElement).style.clipPath);
    expect(await place()).toBe('50');
    for (const [key, to] of [['ArrowRight', '52'], ['PageDown', '42'], ['Home', '0'], ['End', '100']] as const) {
      await test.page.keyboard.press(key);
      expect(await place()).toBe(to);
    }
    expect(await clip()).toContain('100%');
    await test.page.focus('#compare');
    await test.page.keyboard.press('Space');
    expect(await isHidden('#split')).toBe(true);
    expect(await clip()).not.toContain('100%');
  });

  it('says that the camera was refused and goes on with the sample clip', async () => {
    await test.browser.defaultBrowserContext().overridePermissions(test.server.origin, []);
    await test.page.$eval('input[value=camera]', (input) => (input).click());
    await waitForProblem('camera was refused');
    expect(await test.page.$eval('input[value=sample]', (input) => (input).checked)).toBe(true);
    expect(await test.page.$eval('#video', (video) => (video as HTMLVideoElement).paused)).toBe(false);
  });

  it('styles the camera, mirrored, when it is allowed', async () => {
    await test.browser.defaultBrowserContext().overridePermissions(test.server.origin, ['camera']);
    await test.page.$eval('input[value=camera]', (input) => (input).click());
    await test.page.waitForFunction(() => (document.querySelector('#video') as HTMLVideoElement).srcObject !== null, PATIENCE);
    await test.page.waitForFunction(() => (document.querySelector('#mirror') as HTMLInputElement).checked, PATIENCE);
    await test.page.waitForFunction(() => document.querySelector('#problem')?.hasAttribute('hidden'), PATIENCE);
    // The figures look back two seconds: after that they are the camera's alone.
    await new Promise((done) => setTimeout(done, 2500));
    await waitForStyledVideo();
    await test.page.waitForFunction(() => Array.from(document.querySelectorAll('#figures div')).some((row) => row.textContent === 'faces1' || row.textContent === '1faces'), PATIENCE);
    expect(await test.page.$eval('#video', (video) => (video as HTMLVideoElement).paused)).toBe(false);
  });
});
