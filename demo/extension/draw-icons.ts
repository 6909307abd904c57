/**
 * Draws the extension's icons from `icons/icon.svg`, in headless Chromium; run it after changing that file.
 *
 *     npx tsx demo/extension/draw-icons.ts
 */
import { readFile, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { launchChromium } from '../headless/launch';

const FOLDER = resolve(dirname(fileURLToPath(import.meta.url)), 'icons');
/** The sizes Chrome asks for: favicon, high-density toolbar, list of extensions, store and installation. */
const SIZES_PX = [16, 32, 48, 128] as const;

async function drawIcons(): Promise<void> {
  const svg = (await readFile(join(FOLDER, 'icon.svg'))).toString('base64');
  const browser = await launchChromium();
  try {
    const page = await browser.newPage();
    for (const sizePx of SIZES_PX) {
      await page.setViewport({ width: sizePx, height: sizePx });
      await page.setContent(`<!doctype html><style>body{margin:0}img{display:block;width:100vw}</style><img src="data:image/svg+xml;base64,${svg}">`);
      const png = await page.screenshot({ omitBackground: true });
      await writeFile(join(FOLDER, `${sizePx}.png`), png);
      console.log(`${sizePx}.png: ${png.length} bytes`);
    }
  } finally {
    await browser.close();
  }
}

drawIcons().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
});
