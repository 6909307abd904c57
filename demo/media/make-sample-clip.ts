/**
 * Makes the demo's sample clip: a rendered head that talks, smiles, blinks and looks about.
 *
 *     npx tsx demo/media/make-sample-clip.ts --avatars DIR [--avatar NAME] [--out FILE] [--still SECONDS]
 *
 * DIR holds the GLB files of VALID avatars (see README.md beside this file).
 */
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { launchChromium } from '../headless/launch';
import { serveModule } from '../headless/serve-module';
import type { ClipOptions } from './clip/clip-page';

const HERE = dirname(fileURLToPath(import.meta.url));
const SIZE = { widthPx: 640, heightPx: 480, fps: 30, bitrate: 700_000 };

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      avatars: { type: 'string' },
      avatar: { type: 'string', default: 'White_F_1_Busi' },
      out: { type: 'string', default: join(HERE, 'sample.webm') },
      still: { type: 'string' },
    },
  });
  if (values.avatars === undefined) throw new Error('Say where the avatars are: --avatars DIR (a folder of VALID GLB files).');
  const glb = resolve(values.avatars, `${values.avatar}.glb`);
  if (!existsSync(glb)) throw new Error(`There is no avatar at ${glb}. Correct --avatars or --avatar.`);

  const server = await serveModule(join(HERE, 'clip/clip-page.ts'), { '/avatar.glb': await readFile(glb) });
  const browser = await launchChromium();
  try {
    const page = await browser.newPage();
    await page.goto(server.origin);
    const options: ClipOptions = { url: '/avatar.glb', ...SIZE };
    const made = await page.evaluate(
      async (clip, stillS) => {
        const moduleUrl = '/module.js';
        const module = (await import(moduleUrl)) as typeof import('./clip/clip-page');
        if (stillS === null) return module.renderClip(clip);
        return (await module.renderStill(clip, stillS)).split(',')[1]!;
      },
      options,
      values.still === undefined ? null : Number(values.still),
    );
    await writeFile(values.out, Buffer.from(made, 'base64'));
    console.log(`${values.out}: ${Math.round((made.length * 3) / 4 / 1000)} kB`);
  } finally {
    await browser.close();
    await server.close();
  }
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
});
