import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import type { Browser, Page } from 'puppeteer';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { launchChromium } from '../../demo/headless/launch';
import { listen, type LocalServer } from '../../demo/headless/listen';
import { ROOT } from '../helpers/serve';

const PATIENCE = { timeout: 60_000 };
const trial = (number: number) => `#trial[aria-busy=false]:not([hidden]) #question ::-p-text(${number} of 3)`;
const picture = (colour: string) => `<svg xmlns="http://www.w3.org/2000/svg" width="64" height="64"><rect width="64" height="64" fill="${colour}"/></svg>`;

let server: LocalServer;
let browser: Browser;
let page: Page;
const answers: { trial: number; choice: string; voter: string; seconds: number }[] = [];
const errors: string[] = [];
let full = false;

/** The page's server as far as the page sees it; the real one is tested where it is written, in Python. */
beforeAll(async () => {
  server = await listen(
    createServer((request, response) => {
      const path = request.url ?? '';
      if (path === '/') response.setHeader('Content-Type', 'text/html').end(readFileSync(join(ROOT, 'distill/teacher/preference/page.html')));
      else if (path === '/trials') response.end(JSON.stringify([{ shown: false }, { shown: true }, { shown: false }]));
      else if (path.startsWith('/picture/')) response.setHeader('Content-Type', 'image/svg+xml').end(picture(path.endsWith('left') ? 'red' : 'blue'));
      else if (full) response.writeHead(400).end(JSON.stringify({ error: 'the disk is full' }));
      else {
        let body = '';
        request.on('data', (part: Buffer) => (body += part.toString()));
        request.on('end', () => {
          answers.push(JSON.parse(body) as (typeof answers)[number]);
          response.end('{}');
        });
      }
    }),
  );
  browser = await launchChromium();
  page = await browser.newPage();
  page.on('pageerror', (error) => errors.push(String(error)));
  await page.goto(server.origin);
});

afterAll(async () => {
  await browser.close();
  await server.close();
});

it('asks one question after another by mouse and keys, and says when it is over', async () => {
  await page.type('#voter', 'Ann');
  await page.keyboard.press('Enter');
  await page.waitForSelector(trial(1), PATIENCE);
  expect(await page.$('#shown:not([hidden])')).toBeNull();
  const sources = await page.$$eval('.pair img', (images) => images.map((image) => new URL(image.src).pathname));
  expect(sources).toEqual(['/picture/0/left', '/picture/0/right']);
  await page.click('[data-choice=right]');
  await page.waitForSelector(trial(2), PATIENCE);
  expect(await page.$('#shown:not([hidden])')).not.toBeNull();

  full = true;
  await page.keyboard.press('ArrowLeft');
  await page.waitForSelector('#error ::-p-text(the disk is full)', PATIENCE);
  await page.waitForSelector(trial(2), PATIENCE);
  full = false;
  await page.keyboard.press('ArrowLeft');
  await page.waitForSelector(trial(3), PATIENCE);
  await page.keyboard.press('ArrowDown');
  await page.waitForSelector('#done:not([hidden])', PATIENCE);
  expect(answers.map(({ trial: number, choice, voter }) => [number, choice, voter])).toEqual([
    [0, 'right', 'Ann'],
    [1, 'left', 'Ann'],
    [2, 'tie', 'Ann'],
  ]);
  for (const { seconds } of answers) expect(seconds).toBeGreaterThanOrEqual(0);
  expect(errors).toEqual([]);
});
