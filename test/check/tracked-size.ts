/** Fails when the tracked files outgrow what a checkout should weigh. */
import { execFileSync } from 'node:child_process';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../helpers/serve';

const LIMIT_BYTES = 32 * 2 ** 20;

const files = execFileSync('git', ['ls-files', '-z'], { cwd: ROOT, encoding: 'utf8' }).split('\0').filter(Boolean);
const sizes = files.flatMap((path) => {
  const stat = statSync(join(ROOT, path), { throwIfNoEntry: false });
  return stat ? [{ path, bytes: stat.size }] : [];
});
const total = sizes.reduce((sum, { bytes }) => sum + bytes, 0);
const toMiB = (bytes: number) => `${(bytes / 2 ** 20).toFixed(1)} MiB`;
console.log(`${sizes.length} tracked files, ${toMiB(total)} of ${toMiB(LIMIT_BYTES)}`);
if (total > LIMIT_BYTES) {
  const largest = sizes.sort((a, b) => b.bytes - a.bytes).slice(0, 10);
  console.error(`Too large. The largest:\n${largest.map(({ path, bytes }) => `  ${toMiB(bytes)}  ${path}`).join('\n')}`);
  process.exit(1);
}
