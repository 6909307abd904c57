import type { Page } from 'puppeteer';

/**
 * Runs a function in the page, giving it a module of the repository that the test server bundles.
 * The function travels as text: it sees its two arguments and the page's globals, nothing of the test around it.
 * (A plain `import()` inside `page.evaluate` does not survive the test runner's transform.)
 *
 * @param page Page on the test origin.
 * @param modulePath Path of the TypeScript module from the repository's root.
 * @param body What to run there; its result comes back as JSON.
 * @param args Plain data for it.
 */
export async function inPage<Module, Args, Result>(
  page: Page,
  modulePath: string,
  body: (module: Module, args: Args) => Result | Promise<Result>,
  args: Args,
): Promise<Result> {
  // tsx wraps inner functions in a helper that the page does not have.
  const script = `(async (__name) => (${body.toString()})(await import('/bundle/${modulePath}'), ${JSON.stringify(args) ?? 'undefined'}))((f) => f)`;
  return (await page.evaluate(script)) as Result;
}
