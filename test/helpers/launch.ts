import type { Browser, Page } from 'puppeteer';
import { launchChromium, type LaunchOptions } from '../../demo/headless/launch';
import { serve, type TestServer } from './serve';

/** A page of a real Chromium on the test origin, with what it asked for and what went wrong in it. */
export interface TestPage {
  readonly browser: Browser;
  readonly page: Page;
  readonly server: TestServer;
  /** Every URL the page and its workers asked for. */
  readonly requests: string[];
  /** Uncaught errors and console errors. */
  readonly errors: string[];
  close(): Promise<void>;
}

/**
 * Opens a blank page on a fresh server and a fresh browser.
 * In the page, `await import('/sdk/index.js')` is the built SDK and `import('/bundle/sdk/….ts')` an internal module.
 */
export async function openTestPage(options: LaunchOptions & { crossOriginIsolated?: boolean } = {}): Promise<TestPage> {
  const server = await serve(options.crossOriginIsolated === undefined ? {} : { crossOriginIsolated: options.crossOriginIsolated });
  const browser = await launchChromium(options);
  const page = await browser.newPage();
  const requests: string[] = [];
  const errors: string[] = [];
  page.on('request', (request) => requests.push(request.url()));
  page.on('pageerror', (error) => errors.push(String(error)));
  page.on('console', (message) => {
    if (message.type() === 'error') errors.push(message.text());
  });
  await page.goto(`${server.origin}/`);
  return {
    browser,
    page,
    server,
    requests,
    errors,
    async close() {
      await browser.close();
      await server.close();
    },
  };
}
