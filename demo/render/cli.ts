/**
 * Styles a video file, a picture or a folder of them with the library in a headless browser:
 *
 *     npm run render -- IN OUT --style ID [--exemplar ID] [--backend wasm] [--quality lite] [--faces N] [--stats FILE]
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { createProgressBar } from './progress-bar';
import { writeProblem } from './output-file';
import type { RenderStats } from './render-stats';
import { checkStyle, readRequest, UsageError } from './request';
import { DIST_DIR, openRenderSession } from './session';

function ensureBuilt(): void {
  if (existsSync(join(DIST_DIR, 'sdk/index.js')) && existsSync(join(DIST_DIR, 'assets/models/manifest.json'))) return;
  console.error('Building the library first …');
  const done = spawnSync('npm', ['run', 'build'], { cwd: dirname(DIST_DIR), stdio: ['ignore', 'ignore', 'inherit'] });
  if (done.status !== 0) throw new UsageError('The library could not be built. Run npm run build and put right what it says.');
}

function writeStats(path: string, stats: unknown): void {
  const partPath = `${path}.${process.pid}.part`;
  try {
    writeFileSync(partPath, `${JSON.stringify(stats, undefined, 2)}\n`);
    renameSync(partPath, path);
  } catch (error) {
    throw writeProblem(path, error);
  }
}

function summary({ frames, styledFrames, faces, fps, backend }: RenderStats): string {
  const many = frames === 1 ? 'picture' : 'frames';
  const seen = styledFrames === 0 ? 'no face was found' : `a face in ${styledFrames}, at most ${faces} at once`;
  return `${frames} ${many}, ${seen}; ${fps} frames/s on ${backend}`;
}

async function main(): Promise<void> {
  const request = readRequest(process.argv.slice(2));
  ensureBuilt();
  checkStyle(join(DIST_DIR, 'assets/filters'), request.filter, (path) => JSON.parse(readFileSync(path, 'utf8')) as unknown);
  const first = request.jobs[0]!;
  if (request.isFolder) mkdirSync(dirname(first.outPath), { recursive: true });

  const session = await openRenderSession(DIST_DIR, request.filter.backend === 'webgpu');
  const byFile: Record<string, RenderStats> = {};
  try {
    for (const job of request.jobs) {
      const bar = createProgressBar(basename(job.inPath));
      try {
        const { stats, notes } = await session.render(job, request.filter, (share, frames) => bar.show(share, `${frames} frames`));
        bar.end();
        console.error(`${basename(job.outPath)}: ${summary(stats)}`);
        for (const note of notes) console.error(`Note: ${note}`);
        byFile[basename(job.inPath)] = stats;
      } finally {
        bar.end();
      }
    }
  } finally {
    await session.close();
  }
  if (request.statsPath !== undefined) writeStats(request.statsPath, request.isFolder ? byFile : byFile[basename(first.inPath)]);
}

main().catch((error: unknown) => {
  console.error(error instanceof UsageError ? error.message : error);
  process.exitCode = 1;
});
