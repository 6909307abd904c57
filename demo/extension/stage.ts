/** Puts the built library and its assets beside the built extension, so that `dist/extension` holds all it ever runs. */
import { cp, rm } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const DIST = resolve(dirname(fileURLToPath(import.meta.url)), '../../dist');

for (const folder of ['sdk', 'assets']) {
  const to = join(DIST, 'extension', folder);
  await rm(to, { recursive: true, force: true });
  await cp(join(DIST, folder), to, { recursive: true, filter: (path) => !/\.map$|\/adapters$/.test(path) });
}
