/**
 * Renders avatars plain, with known expressions, for `python -m distill atelier-renders`.
 *
 *     npx tsx distill/atelier/render-heads.ts --avatars DIR --shots FILE --out DIR [--size PX]
 *
 * FILE: JSON `{ "AVATAR": Shot[] }` (see render-page.ts). Writes `ID.jpg` and prints one JSON line a picture.
 */
import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { launchChromium } from '../../demo/headless/launch';
import { serveModule } from '../../demo/headless/serve-module';
import type { Shot } from './render-page';

const HERE = dirname(fileURLToPath(import.meta.url));
/** Pictures that travel from the page at once. */
const BATCH = 16;

interface Arguments {
  readonly avatars: string;
  readonly shots: string;
  readonly out: string;
  readonly sizePx: number;
}

function readArguments(): Arguments {
  const { values } = parseArgs({
    options: { avatars: { type: 'string' }, shots: { type: 'string' }, out: { type: 'string' }, size: { type: 'string', default: '512' } },
  });
  const { avatars, shots, out } = values;
  if (avatars === undefined || shots === undefined || out === undefined) {
    throw new Error('Name the avatars, the shots and the output: --avatars DIR --shots FILE --out DIR.');
  }
  const sizePx = Number(values.size);
  if (!Number.isInteger(sizePx) || sizePx < 32 || sizePx > 1024) throw new Error(`--size ${values.size}: must be 32…1024.`);
  return { avatars, shots, out, sizePx };
}

async function renderAvatar(name: string, shots: readonly Shot[], { avatars, out, sizePx }: Arguments): Promise<void> {
  const file = resolve(avatars, `${name}.glb`);
  if (!existsSync(file)) throw new Error(`There is no avatar at ${file}. Correct --avatars or the shots.`);
  const server = await serveModule(join(HERE, 'render-page.ts'), { '/avatar.glb': await readFile(file) });
  // A browser each: software GL gives its memory back only when the process ends.
  const browser = await launchChromium();
  try {
    const page = await browser.newPage();
    await page.goto(server.origin);
    for (let start = 0; start < shots.length; start += BATCH) {
      const made = await page.evaluate(async (batch, size) => {
        const address: string = '/module.js';
        const module = (await import(address)) as typeof import('./render-page');
        return module.renderShots('/avatar.glb', batch, size);
      }, shots.slice(start, start + BATCH), sizePx);
      for (const { id, url, points } of made) {
        await writeFile(join(out, `${id}.jpg`), Buffer.from(url.split(',')[1]!, 'base64'));
        console.log(JSON.stringify({ id, avatar: name, points }));
      }
    }
  } finally {
    await browser.close();
    await server.close();
  }
}

async function main(): Promise<void> {
  const given = readArguments();
  await mkdir(given.out, { recursive: true });
  const plan = JSON.parse(await readFile(given.shots, 'utf8')) as Record<string, Shot[]>;
  for (const [name, shots] of Object.entries(plan)) await renderAvatar(name, shots, given);
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
});
