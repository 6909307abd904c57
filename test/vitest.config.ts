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
          // Software rendering keeps every core busy: one browser at a time.
          fileParallelism: false,
          testTimeout: 180_000,
          hookTimeout: 180_000,
        },
      },
    ],
  },
});
