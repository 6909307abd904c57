/**
 * The package's command: `npx stylefilter assets DIR` puts models, style packs, face model and WASM into a folder,
 * which is then the `assetBase`.
 */
import { cp, readdir, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const HELP = `Usage: stylefilter assets DIR

Copies what the library loads at run time into DIR (made if missing, files of the same name replaced):
  models/     networks and the face model
  filters/    style packs
  ort/, mediapipe/   WASM
Serve DIR with your page and pass its address as assetBase.`;

async function bytesIn(folder: string): Promise<number> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const sizes = await Promise.all(entries.filter((entry) => entry.isFile()).map(async (entry) => (await stat(join(entry.parentPath, entry.name))).size));
  return sizes.reduce((sum, size) => sum + size, 0);
}

async function copyAssets(to: string): Promise<void> {
  const from = fileURLToPath(new URL('../assets', import.meta.url));
  const bytes = await bytesIn(from).catch((cause: unknown) => {
    throw new Error(`The package's own assets are missing (${from}); install stylefilter again, or in a checkout run: npm run build`, { cause });
  });
  await cp(from, to, { recursive: true });
  console.log(`Copied ${(bytes / 2 ** 20).toFixed(1)} MiB to ${to}.`);
}

async function main([command, dir, ...rest]: readonly string[]): Promise<void> {
  if (command === undefined || command === '--help' || command === 'help') return console.log(HELP);
  if (command !== 'assets') throw new Error(`"${command}" is not a command of stylefilter; the only one is: stylefilter assets DIR`);
  if (dir === undefined || dir.startsWith('-') || rest.length > 0) throw new Error('stylefilter assets takes one folder, for example: stylefilter assets public/stylefilter');
  await copyAssets(resolve(dir));
}

main(process.argv.slice(2)).catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
});
