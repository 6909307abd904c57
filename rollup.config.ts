import { cp, mkdir } from 'node:fs/promises';
import resolve from '@rollup/plugin-node-resolve';
import type { Plugin, RollupOptions } from 'rollup';
import esbuild from 'rollup-plugin-esbuild';

const transpile = esbuild({ target: 'es2022', tsconfig: 'tsconfig.json' });

/** onnxruntime-web ships a build that loads its WASM from a path instead of carrying it inside: this condition selects it. */
const packages = resolve({ browser: true, exportConditions: ['onnxruntime-web-use-extern-wasm'] });

/** Copies files that need no building, once the bundle is written. */
function copyFiles(pairs: Record<string, string>): Plugin {
  return {
    name: 'copy-files',
    async writeBundle() {
      for (const [from, to] of Object.entries(pairs)) {
        await mkdir(to.replace(/\/[^/]*$/, ''), { recursive: true });
        await cp(from, to, { recursive: true });
      }
    },
  };
}

const sdk: RollupOptions = {
  input: { index: 'sdk/index.ts', 'engine-worker': 'sdk/engine/engine-worker.ts' },
  output: {
    dir: 'dist/sdk',
    format: 'es',
    sourcemap: true,
    // Flat, so that `import.meta.url` means the same folder in every chunk.
    chunkFileNames: '[name]-[hash].js',
  },
  plugins: [packages, transpile],
};

const demo: RollupOptions = {
  input: 'demo/page/main.ts',
  output: { file: 'dist/demo/page/main.js', format: 'es', sourcemap: true, paths: () => '../../sdk/index.js' },
  external: (id) => id.endsWith('/sdk') || id.endsWith('/sdk/index') || id.endsWith('/sdk/index.ts'),
  plugins: [
    packages,
    transpile,
    copyFiles({
      'demo/page/index.html': 'dist/demo/page/index.html',
      'demo/page/page.css': 'dist/demo/page/page.css',
      'demo/media/sample.webm': 'dist/demo/media/sample.webm',
    }),
  ],
};

export default [sdk, demo];
