/**
 * Packs the built extension for a store or for somebody else's browser.
 *
 *     npx tsx demo/extension/pack.ts [FILE]
 */
import { existsSync } from 'node:fs';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { zipSync } from 'fflate';

const DIST = resolve(dirname(fileURLToPath(import.meta.url)), '../../dist');

async function pack(path: string): Promise<void> {
  const folder = join(DIST, 'extension');
  if (!existsSync(join(folder, 'assets/models/manifest.json'))) throw new Error('The extension is not built yet. Run: npm run build');
  const entries = (await readdir(folder, { withFileTypes: true, recursive: true })).filter((entry) => entry.isFile());
  const files: Record<string, Uint8Array> = {};
  for (const { parentPath, name } of entries) {
    const file = join(parentPath, name);
    files[relative(folder, file).split(sep).join('/')] = await readFile(file);
  }
  const zipped = zipSync(files, { level: 9 });
  await writeFile(path, zipped);
  console.log(`${entries.length} files, ${(zipped.length / 1e6).toFixed(1)} MB → ${path}`);
}

pack(process.argv[2] ?? join(DIST, 'stylefilter-camera.zip')).catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
});
