import { cp, mkdir, readdir, rm } from 'node:fs/promises';
import resolve from '@rollup/plugin-node-resolve';
import type { Plugin, RollupOptions } from 'rollup';
import esbuild from 'rollup-plugin-esbuild';
import { sizeBudget } from './test/check/size-budget';

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

/** Removes what earlier builds left in a folder: names of chunks carry a hash, and the folder is packed whole. */
function removeStale(dir: string): Plugin {
  return {
    name: 'remove-stale',
    async writeBundle(_options, bundle) {
      const files = (await readdir(dir, { withFileTypes: true })).filter((entry) => entry.isFile() && bundle[entry.name] === undefined);
      for (const { name } of files) await rm(`${dir}/${name}`);
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
  plugins: [packages, transpile, sizeBudget({ 'index.js': 24 * 1024, 'engine-worker.js': 136 * 1024 }), removeStale('dist/sdk')],
};

const adapterNames = ['livekit', 'twilio', 'chime', 'stream', 'jitsi'];

const adapters: RollupOptions = {
  input: Object.fromEntries(adapterNames.map((name) => [name, `sdk/adapters/${name}.ts`])),
  output: { dir: 'dist/sdk/adapters', format: 'es', sourcemap: true, chunkFileNames: '[name]-[hash].js', paths: () => '../index.js' },
  external: (id) => id.endsWith('/index'),
  plugins: [packages, transpile, sizeBudget(Object.fromEntries(adapterNames.map((name) => [`${name}.js`, 2 * 1024]))), removeStale('dist/sdk/adapters')],
};

const cli: RollupOptions = {
  input: 'sdk/cli/stylefilter.ts',
  output: { file: 'dist/cli/stylefilter.js', format: 'es', banner: '#!/usr/bin/env node' },
  external: /^node:/,
  plugins: [transpile],
};

const isSdk = (id: string): boolean => id.endsWith('/sdk') || id.endsWith('/sdk/index') || id.endsWith('/sdk/index.ts');

const demo: RollupOptions = {
  input: 'demo/page/main.ts',
  output: { file: 'dist/demo/page/main.js', format: 'es', sourcemap: true, paths: () => '../../sdk/index.js' },
  external: isSdk,
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

const overlay: RollupOptions = {
  input: { overlay: 'demo/overlay/overlay.ts', build: 'demo/overlay/build.ts' },
  output: { dir: 'dist/demo/overlay', format: 'es', chunkFileNames: 'shared-[name].js', paths: () => '../../sdk/index.js' },
  external: isSdk,
  plugins: [
    packages,
    transpile,
    copyFiles({
      'demo/overlay/index.html': 'dist/demo/overlay/index.html',
      'demo/overlay/overlay.css': 'dist/demo/overlay/overlay.css',
      'demo/overlay/build.html': 'dist/demo/overlay/build.html',
      'demo/overlay/build.css': 'dist/demo/overlay/build.css',
    }),
  ],
};

const extension: RollupOptions = {
  input: {
    'service-worker': 'demo/extension/background/service-worker.ts',
    offscreen: 'demo/extension/engine/offscreen.ts',
    bridge: 'demo/extension/bridge/bridge.ts',
    popup: 'demo/extension/popup/popup.ts',
    'camera-access': 'demo/extension/popup/camera-access.ts',
  },
  output: { dir: 'dist/extension', format: 'es', chunkFileNames: 'shared-[name].js', paths: () => './sdk/index.js' },
  external: isSdk,
  plugins: [
    packages,
    transpile,
    copyFiles({
      'demo/extension/manifest.json': 'dist/extension/manifest.json',
      'demo/extension/icons/16.png': 'dist/extension/icons/16.png',
      'demo/extension/icons/32.png': 'dist/extension/icons/32.png',
      'demo/extension/icons/48.png': 'dist/extension/icons/48.png',
      'demo/extension/icons/128.png': 'dist/extension/icons/128.png',
      'demo/extension/bridge/bridge.html': 'dist/extension/bridge.html',
      'demo/extension/engine/offscreen.html': 'dist/extension/offscreen.html',
      'demo/extension/popup/popup.html': 'dist/extension/popup.html',
      'demo/extension/popup/popup.css': 'dist/extension/popup.css',
      'demo/extension/popup/camera-access.html': 'dist/extension/camera-access.html',
    }),
  ],
};

/** Content scripts are no modules. */
const contentScripts = ['page', 'relay'].map((name): RollupOptions => ({
  input: `demo/extension/${name}/${name}.ts`,
  output: { file: `dist/extension/${name}.js`, format: 'iife' },
  plugins: [packages, transpile],
}));

export default [sdk, adapters, cli, demo, overlay, extension, ...contentScripts];
