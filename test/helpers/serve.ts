/**
 * The origin that browser tests run on: the built `dist/`, the repository's own test files,
 * and any TypeScript module bundled on request (`/bundle/PATH.ts`), so that a test page can import SDK internals.
 */
import { createReadStream, existsSync, statSync } from 'node:fs';
import { createServer, type ServerResponse } from 'node:http';
import { dirname, extname, join, normalize, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { listen } from '../../demo/headless/listen';

/** Repository root. */
export const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), '../..');

const TYPES: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.mjs': 'text/javascript',
  '.css': 'text/css',
  '.json': 'application/json',
  '.wasm': 'application/wasm',
  '.png': 'image/png',
  '.jpg': 'image/jpeg',
  '.webp': 'image/webp',
  '.mp4': 'video/mp4',
  '.webm': 'video/webm',
  '.svg': 'image/svg+xml',
};
const BLANK_PAGE = '<!doctype html><meta charset="utf-8"><title>StyleFilter test</title><body></body>';

/** Replaces what a path answers with, for tests of broken assets. */
export type Override = { status?: number; body?: string | Uint8Array; type?: string; headers?: Readonly<Record<string, string>> };

/** A running test server. */
export interface TestServer {
  /** `http://127.0.0.1:PORT` */
  readonly origin: string;
  /** Answers by path that differ from the files; change it at any time. */
  readonly overrides: Map<string, Override>;
  close(): Promise<void>;
}

const bundles = new Map<string, Promise<string>>();

function bundle(path: string): Promise<string> {
  let made = bundles.get(path);
  if (made === undefined) {
    made = build({
      entryPoints: [path],
      bundle: true,
      format: 'esm',
      target: 'es2022',
      write: false,
      sourcemap: 'inline',
      conditions: ['onnxruntime-web-use-extern-wasm'],
      logLevel: 'silent',
    }).then((result) => result.outputFiles[0]!.text);
    bundles.set(path, made);
  }
  return made;
}

function sendFile(response: ServerResponse, path: string, range: string | undefined): void {
  const size = statSync(path).size;
  const headers: Record<string, string | number> = { 'Content-Type': TYPES[extname(path)] ?? 'application/octet-stream' };
  const match = /^bytes=(\d+)-(\d*)$/.exec(range ?? '');
  if (match) {
    const start = Number(match[1]);
    const end = match[2] ? Math.min(Number(match[2]), size - 1) : size - 1;
    response.writeHead(206, { ...headers, 'Content-Range': `bytes ${start}-${end}/${size}`, 'Content-Length': end - start + 1 });
    createReadStream(path, { start, end }).pipe(response);
    return;
  }
  response.writeHead(200, { ...headers, 'Accept-Ranges': 'bytes', 'Content-Length': size });
  createReadStream(path).pipe(response);
}

function fileFor(path: string): string | undefined {
  const safe = normalize(path).replace(/^(\.\.[/\\])+/, '');
  return [join(ROOT, 'dist', safe), join(ROOT, safe)].find((file) => existsSync(file) && statSync(file).isFile());
}

/**
 * Starts a server on a free port of 127.0.0.1.
 * `/` is a blank page; `/x` is `dist/x`, else the repository's `x`; `/bundle/x.ts` is that module bundled.
 * @param crossOriginIsolated sends COOP and COEP, which WASM threads need. Default true.
 */
export async function serve({ crossOriginIsolated = true } = {}): Promise<TestServer> {
  const overrides = new Map<string, Override>();
  const server = createServer((request, response) => {
    void (async () => {
      const path = decodeURIComponent(new URL(request.url ?? '/', 'http://localhost').pathname);
      response.setHeader('Cache-Control', 'no-store');
      if (crossOriginIsolated) {
        response.setHeader('Cross-Origin-Opener-Policy', 'same-origin');
        response.setHeader('Cross-Origin-Embedder-Policy', 'require-corp');
        response.setHeader('Cross-Origin-Resource-Policy', 'same-origin');
      }
      const override = overrides.get(path);
      if (override) {
        response.writeHead(override.status ?? 200, { 'Content-Type': override.type ?? TYPES[extname(path)] ?? 'text/plain', ...override.headers });
        response.end(override.body ?? '');
        return;
      }
      if (path === '/') {
        response.writeHead(200, { 'Content-Type': 'text/html' }).end(BLANK_PAGE);
        return;
      }
      if (path.startsWith('/bundle/')) {
        const text = await bundle(join(ROOT, path.slice('/bundle/'.length)));
        response.writeHead(200, { 'Content-Type': 'text/javascript' }).end(text);
        return;
      }
      const file = fileFor(path.endsWith('/') ? `${path}index.html` : path);
      if (file === undefined) response.writeHead(404).end(`Not found: ${path}`);
      else sendFile(response, file, request.headers.range);
    })().catch((error: unknown) => response.writeHead(500).end(String(error)));
  });
  return { ...(await listen(server)), overrides };
}
