/** A headless browser that makes one file after another. */
import { existsSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { dirname, extname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { launchChromium } from '../headless/launch';
import { sendFile, startStaticServer } from '../static-server';
import { openOutput, type OutputFile } from './output-file';
import type { PageJob, PageResult } from './page/render-page';
import { rounded, type RenderStats } from './render-stats';
import { UsageError, type FilterRequest, type RenderJob } from './request';

const PAGE = '<!doctype html><meta charset="utf-8"><script type="module" src="/render/page.js"></script>';
const HERE = dirname(fileURLToPath(import.meta.url));

/** Makes files in a headless browser. */
export interface RenderSession {
  /**
   * Makes one file; on any failure none is left behind.
   * @throws UsageError with one sentence
   */
  render(job: RenderJob, filter: FilterRequest, onProgress: (share: number, frames: number) => void): Promise<{ stats: RenderStats; notes: readonly string[] }>;
  close(): Promise<void>;
}

interface Current {
  readonly inPath: string;
  readonly output: OutputFile;
  /** Why the output could not be written. */
  writeError: Error | undefined;
}

async function bytesOf(request: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return Buffer.concat(parts);
}

function takeOutput(current: Current | undefined, bytes: Uint8Array, request: IncomingMessage, response: ServerResponse): void {
  const positionBytes = Number(new URL(request.url ?? '', 'http://localhost').searchParams.get('position'));
  try {
    if (current === undefined) throw new Error('no file is being made');
    current.output.write(bytes, positionBytes);
    response.writeHead(204).end();
  } catch (error) {
    if (current) current.writeError ??= error as Error;
    response.writeHead(507, { 'Content-Type': 'text/plain; charset=utf-8' }).end((error as Error).message);
  }
}

function targetOf({ outPath, kind }: RenderJob): PageJob['target'] {
  const extension = extname(outPath).slice(1).toLowerCase();
  if (kind === 'picture') return { kind, type: extension === 'png' ? 'image/png' : 'image/jpeg' };
  return { kind, container: extension as 'mp4' | 'webm' | 'mkv' };
}

/**
 * Starts a browser on the built library.
 * @param distDir the build
 * @param webgpu whether WebGPU is exposed even if it runs in software
 */
export async function openRenderSession(distDir: string, webgpu: boolean): Promise<RenderSession> {
  let current: Current | undefined;
  let jobs = 0;
  const module = await build({
    entryPoints: [join(HERE, 'page/render-page.ts')],
    bundle: true,
    format: 'esm',
    target: 'es2022',
    write: false,
    logLevel: 'silent',
  });
  const server = await startStaticServer({
    root: distDir,
    routes: {
      '/render/': (_request, response) => void response.writeHead(200, { 'Content-Type': 'text/html' }).end(PAGE),
      '/render/page.js': (_request, response) => void response.writeHead(200, { 'Content-Type': 'text/javascript' }).end(module.outputFiles[0]!.text),
      '/render/input': async (request, response) => {
        if (current) await sendFile(current.inPath, await stat(current.inPath), request, response);
        else response.writeHead(404).end();
      },
      '/render/output': async (request, response) => takeOutput(current, await bytesOf(request), request, response),
    },
  });
  const browser = await launchChromium({ webgpu: webgpu || existsSync('/dev/dri') });
  let onProgressNow: (share: number, frames: number) => void = () => undefined;
  const page = await browser.newPage();
  await page.exposeFunction('reportProgress', (share: number, frames: number) => onProgressNow(share, frames));
  await page.goto(`${server.origin}/render/`);
  await page.waitForFunction(() => typeof renderJob === 'function');

  return {
    async render(job, filter, onProgress) {
      const output = openOutput(job.outPath);
      const mine: Current = { inPath: job.inPath, output, writeError: undefined };
      current = mine;
      onProgressNow = onProgress;
      try {
        const pageJob: PageJob = { inputUrl: `/render/input?${jobs++}`, filter, target: targetOf(job) };
        const result: PageResult = await page.evaluate((work) => renderJob(work), pageJob);
        if (mine.writeError !== undefined) throw mine.writeError;
        if (!result.ok) throw new UsageError(`${job.inPath} could not be styled: ${result.problem.replace(/\.?$/, '.')}`);
        output.finish();
        return { stats: rounded(result.stats), notes: result.notes };
      } finally {
        output.discard();
        current = undefined;
      }
    },
    async close() {
      await browser.close();
      await server.close();
    },
  };
}

/** The folder that `npm run build` makes. */
export const DIST_DIR = resolve(HERE, '../../dist');
