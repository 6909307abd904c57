/** A page that knows nothing of the extension, in a Chromium that has it. */
import type { Page } from 'puppeteer';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { cameraClip } from './clip';
import { openTestPage, type TestPage } from './launch';
import { ROOT } from './serve';

/** Part of the name of the fake camera: the clip it plays. */
export const REAL_CAMERA = '.mjpeg';
/** Name of the extension's camera. */
export const VIRTUAL_CAMERA = 'StyleFilter Camera';

/** A {@link TestPage} with the extension, and a second page. */
export interface ExtensionTestPage extends TestPage {
  /** A page of the extension itself; brought to the front, it hides the first one. */
  readonly own: Page;
  /** Address of a file of the extension. */
  url(path: string): string;
}

/**
 * Opens a page on a fresh server and a browser with the built extension and a camera that plays a real clip.
 * @throws Error if the extension is not built
 */
export async function openExtensionPage(): Promise<ExtensionTestPage> {
  const folder = join(ROOT, 'dist/extension');
  if (!existsSync(join(folder, 'assets/models/manifest.json'))) throw new Error('dist/extension is not built yet. Run: npm run build');
  const test = await openTestPage({ cameraFile: await cameraClip(60), extensions: [folder] });
  const worker = await test.browser.waitForTarget((target) => target.url().endsWith('/service-worker.js'));
  const url = (path: string): string => new URL(path, worker.url()).href;
  const own = await test.browser.newPage();
  // Any page of the extension can change its settings; the popup itself would watch the camera all along.
  await own.goto(url('camera-access.html'));
  await test.page.bringToFront();
  return { ...test, own, url };
}
