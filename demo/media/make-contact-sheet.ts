/**
 * Makes the contact sheet of the README: six people in six looks, drawn by the built library in headless Chromium.
 *
 *     npm run sheet -- [--style comic] [--looks a,b,c] [--quality standard] [--people DIR] [--out FILE.jpg]
 */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { build } from 'esbuild';
import { launchChromium } from '../headless/launch';
import { sendFile, startStaticServer, type Routes } from '../static-server';
import type { SheetPlan } from './sheet/sheet-page';

const HERE = dirname(fileURLToPath(import.meta.url));
const DIST = resolve(HERE, '../../dist');
const LOOK_COUNT = 6;

function readLooks(style: string, wanted: readonly string[] | undefined): SheetPlan['looks'] {
  const packPath = join(DIST, 'assets/filters', style, 'pack.json');
  if (!existsSync(packPath)) throw new Error(`The style "${style}" is not in the build. Correct --style, or run: npm run build`);
  const { exemplars } = JSON.parse(readFileSync(packPath, 'utf8')) as { exemplars: { id: string; name: string }[] };
  if (wanted === undefined) return exemplars.slice(0, LOOK_COUNT);
  return wanted.map((id) => {
    const look = exemplars.find((exemplar) => exemplar.id === id);
    if (!look) throw new Error(`The style "${style}" has no look "${id}". It has: ${exemplars.map((exemplar) => exemplar.id).join(', ')}.`);
    return look;
  });
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      style: { type: 'string', default: 'comic' },
      looks: { type: 'string' },
      quality: { type: 'string', default: 'standard' },
      people: { type: 'string', default: join(HERE, 'people') },
      out: { type: 'string', default: join(HERE, 'contact-sheet.jpg') },
    },
  });
  const { quality } = values;
  if (quality !== 'standard' && quality !== 'lite') throw new Error(`--quality must be standard or lite, was "${quality}".`);
  const looks = readLooks(values.style, values.looks?.split(','));
  const people = readdirSync(values.people).filter((name) => /\.(jpe?g|png|webp)$/i.test(name)).sort();
  if (people.length === 0) throw new Error(`There are no pictures in ${values.people}.`);

  const module = await build({ entryPoints: [join(HERE, 'sheet/sheet-page.ts')], bundle: true, format: 'esm', target: 'es2022', write: false, logLevel: 'silent' });
  const routes: Routes = {
    '/sheet/': (_request, response) => void response.writeHead(200, { 'Content-Type': 'text/html' }).end('<!doctype html><meta charset="utf-8">'),
    '/sheet/page.js': (_request, response) => void response.writeHead(200, { 'Content-Type': 'text/javascript' }).end(module.outputFiles[0]!.text),
    ...Object.fromEntries(
      people.map((name) => {
        const path = join(values.people, name);
        return [`/sheet/${name}`, (request, response) => sendFile(path, statSync(path), request, response)] satisfies [string, Routes[string]];
      }),
    ),
  };
  const server = await startStaticServer({ root: DIST, routes });
  const browser = await launchChromium();
  try {
    const page = await browser.newPage();
    await page.goto(`${server.origin}/sheet/`);
    const plan: SheetPlan = { style: values.style, looks, people: people.map((name) => `/sheet/${name}`), quality };
    const dataUrl = await page.evaluate(async (work) => {
      const moduleUrl = '/sheet/page.js';
      const { drawSheet } = (await import(moduleUrl)) as typeof import('./sheet/sheet-page');
      return drawSheet(work);
    }, plan);
    const bytes = Buffer.from(dataUrl.split(',')[1]!, 'base64');
    await writeFile(values.out, bytes);
    console.log(`${values.out}: ${people.length} people, ${looks.length} looks, ${Math.round(bytes.length / 1000)} kB`);
  } finally {
    await browser.close();
    await server.close();
  }
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
});
