/** The packed package in an empty folder, by the guides as they are written: `sdk/docs/getting-started.md` and `calls.md`. */
import { execFileSync, spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'puppeteer';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { launchChromium } from '../../demo/headless/launch';
import { cameraClip } from '../helpers/clip';
import { followGuide, readGuide, type GuideBlock } from '../helpers/guide';
import { ROOT } from '../helpers/serve';
import { serveFolder } from '../helpers/serve-folder';

let folder: string;
/** The guide's project, all of its blocks run. */
let app: string;
let guide: readonly GuideBlock[];
let browser: Browser;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'stylefilter-package-'));
  execFileSync('npm', ['pack', '--ignore-scripts', '--silent', '--pack-destination', folder], { cwd: ROOT });
  guide = await readGuide('sdk/docs/getting-started.md');
  app = await followGuide(guide, folder);
  await followGuide(await readGuide('sdk/docs/calls.md'), app);
  // Two frames of the clip: a head that hardly moves, so that what differs between two screenshots is the style.
  browser = await launchChromium({ cameraFile: await cameraClip(2) });
}, 600_000);

afterAll(async () => {
  await browser?.close();
  await rm(folder, { recursive: true, force: true });
});

/** A page with what went wrong in it and where it asked. */
async function open(url: string): Promise<{ page: Page; errors: string[]; requests: string[] }> {
  const page = await browser.newPage();
  const errors: string[] = [];
  const requests: string[] = [];
  page.on('pageerror', (error) => errors.push(String(error)));
  page.on('console', (message) => {
    if (message.type() === 'error' && !message.location().url?.endsWith('/favicon.ico')) errors.push(message.text());
  });
  page.on('request', (request) => requests.push(request.url()));
  await page.goto(url);
  return { page, errors, requests };
}

/** How far the page with the overlay differs from the page without it: share of pixels that change strongly, in the head and beside it. */
async function lookAtOverlay(page: Page): Promise<{ head: number; wall: number }> {
  await page.waitForFunction(() => /, 1 face/.test(document.querySelector('#status')!.textContent ?? ''), { timeout: 150_000, polling: 500 });
  const { x, y } = (await (await page.$('video'))!.boundingBox())!;
  // The canvas's visibility is the overlay's own affair, its opacity is not.
  const shoot = async (opacity: string): Promise<string> => {
    await page.$eval('canvas', (canvas, value) => (canvas.style.opacity = value), opacity);
    return page.screenshot({ clip: { x, y, width: 640, height: 480 }, encoding: 'base64' });
  };
  const [styled, raw] = [await shoot('1'), await shoot('0')];
  // On a page of its own, which no policy forbids to read them.
  const reader = await browser.newPage();
  const look = await reader.evaluate(
    async (pictures) => {
      const [a, b] = await Promise.all(
        pictures.map(async (picture) => {
          const bitmap = await createImageBitmap(await (await fetch(`data:image/png;base64,${picture}`)).blob());
          const context = new OffscreenCanvas(bitmap.width, bitmap.height).getContext('2d')!;
          context.drawImage(bitmap, 0, 0);
          return (...box: [number, number, number, number]) => context.getImageData(...box).data;
        }),
      );
      const changed = (...box: [number, number, number, number]): number => {
        const [before, after] = [b!(...box), a!(...box)];
        return before.filter((value, i) => i % 4 === 1 && Math.abs(value - after[i]!) > 24).length / (before.length / 4);
      };
      return { head: changed(250, 160, 160, 200), wall: changed(480, 20, 140, 160) };
    },
    [styled, raw],
  );
  await reader.close();
  await page.bringToFront();
  return look;
}

const STYLED = { head: expect.toSatisfy((share: number) => share > 0.15) as number, wall: expect.toSatisfy((share: number) => share < 0.005) as number };

describe('the packed package', () => {
  it('has the library, its adapters, types, source maps, command, assets, documents and licence, and nothing of the workshop', async () => {
    const root = join(app, 'node_modules/stylefilter');
    const files = new Set((await readdir(root, { recursive: true })).map((path) => path.replaceAll('\\', '/')));
    for (const path of [
      'LICENSE',
      'NOTICE',
      'README.md',
      'dist/cli/stylefilter.js',
      'dist/assets/models/manifest.json',
      'dist/assets/models/face_landmarker.task',
      'dist/assets/filters/comic/pack.json',
      'dist/types/index.d.ts',
      'dist/sdk/index.js',
      'dist/sdk/index.js.map',
      'sdk/docs/getting-started.md',
      ...['livekit', 'twilio', 'chime', 'stream', 'jitsi'].flatMap((name) => [`dist/sdk/adapters/${name}.js`, `dist/types/adapters/${name}.d.ts`]),
    ]) {
      expect(files, path).toContain(path);
    }
    expect([...files].filter((path) => /^(?:test|distill|demo|models|filters)(?:\/|$)|\.py$/.test(path))).toEqual([]);
    expect(await readdir(join(app, 'node_modules')), 'what runs in the page is in the package').not.toContain('onnxruntime-web');
  });

  it('copies its assets by command, and says what it wants when it is called wrongly', async () => {
    const listing = async (path: string): Promise<string[]> => (await readdir(path, { recursive: true })).sort();
    expect(await listing(join(app, 'public/stylefilter'))).toEqual(await listing(join(app, 'node_modules/stylefilter/dist/assets')));
    const call = (...args: string[]) => {
      const { status, stdout, stderr } = spawnSync('npx', ['stylefilter', ...args], { cwd: app, encoding: 'utf8' });
      return { status, said: stdout, complaint: stderr.split('\n').filter((line) => !line.startsWith('npm ')).join('') };
    };
    expect(call('assets')).toMatchObject({ status: 1, complaint: 'stylefilter assets takes one folder, for example: stylefilter assets public/stylefilter' });
    expect(call('aset', 'x')).toMatchObject({ status: 1, complaint: '"aset" is not a command of stylefilter; the only one is: stylefilter assets DIR' });
    expect(call('--help').said).toContain('Usage: stylefilter assets DIR');
  });

  it('has types that hold by themselves under the strictest settings', async () => {
    await writeFile(
      join(app, 'types.ts'),
      `import { StyleFilter, type FilterHandle, type FilterStats } from 'stylefilter';
       import { createJitsiEffect } from 'stylefilter/adapters/jitsi';
       export const handle: FilterHandle = await StyleFilter.attach({ camera: true }, { style: 'comic', assetBase: '/stylefilter/' });
       handle.stats$.subscribe(({ fps }: FilterStats) => fps.toFixed());
       export const effect = await createJitsiEffect({ style: 'comic' });
       // @ts-expect-error a style is needed
       export const refused = StyleFilter.attach({ camera: true }, {});`,
    );
    const compilerOptions = { strict: true, noEmit: true, skipLibCheck: false, target: 'es2022', module: 'esnext', moduleResolution: 'bundler', lib: ['es2023', 'dom', 'dom.iterable', 'dom.asynciterable'], types: [] };
    await writeFile(join(app, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['types.ts'] }));
    const { stdout, status } = spawnSync(process.execPath, [join(ROOT, 'node_modules/typescript/bin/tsc')], { cwd: app, encoding: 'utf8' });
    expect(stdout).toBe('');
    expect(status).toBe(0);
  });
});

describe('the five-minute guide', () => {
  let vite: ChildProcess;
  let address: string;

  beforeAll(async () => {
    const command = guide.find(({ role }) => role === 'serve')!.text;
    vite = spawn('bash', ['-ec', command], { cwd: app, detached: true, stdio: ['ignore', 'pipe', 'inherit'], env: { ...process.env, NO_COLOR: '1' } });
    address = await new Promise<string>((resolve, reject) => {
      let said = '';
      vite.stdout!.on('data', (part: Buffer) => {
        said += part.toString();
        const url = /Local:\s+(http\S+)/.exec(said)?.[1];
        if (url !== undefined) resolve(url);
      });
      vite.on('exit', () => reject(new Error(`Vite ended: ${said}`)));
    });
  });
  afterAll(() => {
    process.kill(-vite.pid!);
  });
  // Also after a failure: a page that goes on styling slows the next one down.
  afterEach(async () => {
    for (const page of (await browser.pages()).slice(1)) await page.close();
  });

  it('draws the camera’s face while Vite serves it', async () => {
    const { page, errors } = await open(address);
    await expect.poll(() => lookAtOverlay(page), { timeout: 150_000, interval: 500 }).toEqual(STYLED);
    expect(errors).toEqual([]);
  });

  it('goes on to a call: pictures and sound arrive at the other end', async () => {
    const { page, errors } = await open(`${address}call.html`);
    await page.waitForFunction(() => document.querySelector<HTMLVideoElement>('#remote')!.getVideoPlaybackQuality().totalVideoFrames > 5, { timeout: 150_000, polling: 500 });
    const seen = await page.evaluate(() => {
      const remote = document.querySelector<HTMLVideoElement>('#remote')!;
      return { aspect: remote.videoWidth / remote.videoHeight, kinds: (remote.srcObject as MediaStream).getTracks().map(({ kind, readyState }) => `${kind} ${readyState}`).sort() };
    });
    expect(seen).toEqual({ aspect: 4 / 3, kinds: ['audio live', 'video live'] });
    expect(errors).toEqual([]);
  });

  it('draws it in the published build, under the headers that deploying.md recommends and from its own origin only', async () => {
    const [block] = (await readGuide('sdk/docs/deploying.md')).filter(({ language }) => language === 'http');
    const headers = Object.fromEntries(block!.text.trim().split('\n').map((line) => line.split(/: (.*)/).slice(0, 2) as [string, string]));
    const server = await serveFolder(join(app, 'dist'), headers);
    const { page, errors, requests } = await open(`${server.origin}/`);
    await expect.poll(() => lookAtOverlay(page), { timeout: 150_000, interval: 500 }).toEqual(STYLED);
    expect(await page.evaluate(() => crossOriginIsolated)).toBe(true);
    expect(errors).toEqual([]);
    expect(requests.filter((url) => !url.startsWith(server.origin) && !/^(?:blob|data):/.test(url))).toEqual([]);
    await server.close();
  });

  it('draws it on a plain page without a bundler, from a server that sends no special headers', async () => {
    const server = await serveFolder(join(app, 'plain'));
    const { page, errors } = await open(`${server.origin}/`);
    await expect.poll(() => lookAtOverlay(page), { timeout: 150_000, interval: 500 }).toEqual(STYLED);
    expect(errors).toEqual([]);
    await server.close();
  });
});
