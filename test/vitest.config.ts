import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    projects: [
      { test: { name: 'unit', root: 'test', include: ['unit/**/*.test.ts'] } },
      {
        test: {
          name: 'browser',
          root: 'test',
          include: ['browser/**/*.test.ts', 'parity/**/*.test.ts', 'contract/**/*.test.ts'],
          exclude: ['browser/extension.test.ts'],
          // Software rendering keeps every core busy: one browser at a time.
          fileParallelism: false,
          testTimeout: 180_000,
          hookTimeout: 180_000,
        },
      },
      {
        // By hand (`npm run test:extension`) until it is found why one run in a few stands still.
        test: { name: 'extension', root: 'test', include: ['browser/extension.test.ts'], testTimeout: 180_000, hookTimeout: 180_000 },
      },
    ],
  },
});
