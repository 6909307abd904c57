import { rollup, type Plugin } from 'rollup';
import { describe, expect, it, vi } from 'vitest';
import { sizeBudget } from '../../check/size-budget';

const noise = (length: number): string => Array.from({ length }, (_, i) => ((i * 2654435761) >>> 0).toString(36)).join('');
const MODULES: Readonly<Record<string, string>> = {
  main: "import { shared } from 'shared'; console.log(shared); export const lazy = () => import('lazy');",
  other: "import { shared } from 'shared'; console.log(shared, 1);",
  shared: `export const shared = '${noise(300)}';`,
  lazy: `export const lazy = '${noise(3000)}';`,
};

async function build(budgets: Readonly<Record<string, number>>): Promise<string> {
  const memory: Plugin = { name: 'memory', resolveId: (id) => id, load: (id) => MODULES[id] ?? null };
  const log = vi.spyOn(console, 'log').mockImplementation(() => undefined);
  try {
    const bundle = await rollup({ input: { main: 'main', other: 'other' }, plugins: [memory, sizeBudget(budgets)] });
    await bundle.generate({ format: 'es' });
    return String(log.mock.calls[0]?.[0]);
  } finally {
    log.mockRestore();
  }
}

describe('the size budget', () => {
  it('lets a build within it pass and says how much is used', async () => {
    expect(await build({ 'main.js': 4096 })).toMatch(/^main\.js \d\.\d KiB of 4\.0 KiB$/);
  });

  it('counts what an entry imports before it can run, and not what it loads later', async () => {
    await expect(build({ 'main.js': 1024 })).rejects.toThrow(/Over the size budget \(gzip\): main\.js has [1-3]\.\d KiB of 1\.0 KiB\. Make it smaller/);
  });

  it('refuses a budget for a file that is not built', async () => {
    await expect(build({ 'gone.js': 1024 })).rejects.toThrow('The size budget names gone.js, which the build does not make.');
  });
});
