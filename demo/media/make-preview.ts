/**
 * Makes the moving picture of the README: the sample clip as `npm run render` styles it, the clip itself in a corner.
 *
 *     npm run preview -- [--style anime] [--exemplar emi] [--quality standard] [--size 288] [--start 1] [--seconds 4] [--out FILE.webp]
 */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { launchChromium } from '../headless/launch';
import { serveModule } from '../headless/serve-module';
import { DIST_DIR, openRenderSession } from '../render/session';
import { joinWebp } from './animated-webp';
import type { PreviewPlan } from './preview/preview-page';

const HERE = dirname(fileURLToPath(import.meta.url));
const CLIP = join(HERE, 'sample.webm');
const FPS = 10;
const WEBP_QUALITY = 0.6;
/** What the README may weigh at most. */
const MAX_BYTES = 400_000;

/** The clip in a style, as bytes. */
async function renderClip(style: string, exemplar: string, quality: 'standard' | 'lite'): Promise<Buffer> {
  const folder = mkdtempSync(join(tmpdir(), 'preview-'));
  const session = await openRenderSession(DIST_DIR, false);
  try {
    const outPath = join(folder, 'styled.webm');
    const filter = { style, exemplar, backend: 'wasm', quality } as const;
    const { stats } = await session.render({ inPath: CLIP, outPath, kind: 'video' }, filter, (share, frames) => {
      if (frames % 30 === 0) console.log(`${Math.round(100 * share)} %`);
    });
    console.log(`${stats.styledFrames} of ${stats.frames} frames styled`);
    return readFileSync(outPath);
  } finally {
    await session.close();
    rmSync(folder, { recursive: true });
  }
}

async function drawPictures(styled: Buffer, plan: Omit<PreviewPlan, 'sourceUrl' | 'styledUrl'>): Promise<Buffer[]> {
  const server = await serveModule(join(HERE, 'preview/preview-page.ts'), { '/source.webm': readFileSync(CLIP), '/styled.webm': styled });
  const browser = await launchChromium();
  try {
    const page = await browser.newPage();
    await page.goto(server.origin);
    const pictures = await page.evaluate(
      async (work) => {
        const moduleUrl = '/module.js';
        const { drawPreview } = (await import(moduleUrl)) as typeof import('./preview/preview-page');
        return drawPreview(work);
      },
      { ...plan, sourceUrl: `${server.origin}/source.webm`, styledUrl: `${server.origin}/styled.webm` },
    );
    return pictures.map((picture) => Buffer.from(picture, 'base64'));
  } finally {
    await browser.close();
    await server.close();
  }
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      style: { type: 'string', default: 'anime' },
      exemplar: { type: 'string', default: 'emi' },
      quality: { type: 'string', default: 'standard' },
      size: { type: 'string', default: '288' },
      start: { type: 'string', default: '1' },
      seconds: { type: 'string', default: '4' },
      out: { type: 'string', default: join(HERE, 'preview.webp') },
    },
  });
  const { quality } = values;
  if (quality !== 'standard' && quality !== 'lite') throw new Error(`--quality must be standard or lite, was "${quality}".`);
  if (!existsSync(join(DIST_DIR, 'sdk/index.js'))) throw new Error('The library is not built yet. Run: npm run build');
  const sizePx = Number(values.size);
  const styled = await renderClip(values.style, values.exemplar, quality);
  const pictures = await drawPictures(styled, { sizePx, startS: Number(values.start), count: Math.round(FPS * Number(values.seconds)), fps: FPS, quality: WEBP_QUALITY });
  const preview = joinWebp(pictures, { widthPx: sizePx, heightPx: sizePx, frameMs: 1000 / FPS });
  if (preview.length > MAX_BYTES) throw new Error(`The preview takes ${Math.round(preview.length / 1000)} kB, more than ${MAX_BYTES / 1000}: make --seconds or --size smaller.`);
  writeFileSync(values.out, preview);
  console.log(`${values.out}: ${pictures.length} pictures, ${Math.round(preview.length / 1000)} kB`);
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
});
