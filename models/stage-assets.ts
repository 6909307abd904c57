/**
 * Fills `dist/assets/`, the one folder an `assetBase` points at:
 * `models/` (manifest, students, face model), `filters/` (style packs), `ort/` and `mediapipe/` (their WASM).
 */
import { cp, mkdir, readdir, rm } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { placeFaceModel } from './face-model';

const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const OUT = join(ROOT, 'dist/assets');

/** Files of each package that the SDK loads at run time. */
const WASM_FILES = {
  ort: {
    from: 'node_modules/onnxruntime-web/dist',
    files: ['ort-wasm-simd-threaded.asyncify.mjs', 'ort-wasm-simd-threaded.asyncify.wasm'],
  },
  mediapipe: {
    from: 'node_modules/@mediapipe/tasks-vision/wasm',
    files: [
      'vision_wasm_module_internal.js',
      'vision_wasm_module_internal.wasm',
    ],
  },
};

async function stageFolder(name: 'models' | 'filters'): Promise<void> {
  const isSource = (path: string) => /\.(ts|py)$/.test(path);
  const from = join(ROOT, name);
  for (const entry of await readdir(from)) {
    await cp(join(from, entry), join(OUT, name, entry), { recursive: true, filter: (path) => !isSource(path) });
  }
}

await rm(OUT, { recursive: true, force: true });
await mkdir(join(OUT, 'models'), { recursive: true });
await stageFolder('models');
await stageFolder('filters');
for (const [folder, { from, files }] of Object.entries(WASM_FILES)) {
  for (const file of files) await cp(join(ROOT, from, file), join(OUT, folder, file));
}
const faceModel = await placeFaceModel();
await cp(faceModel.path, join(OUT, 'models/face_landmarker.task'));
await cp(faceModel.path.replace(/\.task$/, '.json'), join(OUT, 'models/face_landmarker.json'));
