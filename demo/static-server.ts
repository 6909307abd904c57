/** A static file server for the built demo: right types, byte ranges, and the headers that WASM threads need. */
import { createReadStream, type Stats } from 'node:fs';
import { stat } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { extname, join, normalize, sep } from 'node:path';
import { pipeline } from 'node:stream/promises';

const TYPES: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.ico': 'image/x-icon',
  '.jpg': 'image/jpeg',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json',
  '.map': 'application/json',
  '.mjs': 'text/javascript; charset=utf-8',
  '.mp4': 'video/mp4',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
  '.wasm': 'application/wasm',
  '.webm': 'video/webm',
  '.webp': 'image/webp',
};

/** Ports tried one after another before giving up. */
const PORTS_TRIED = 20;

/** Handlers by path. */
export type Routes = Readonly<Record<string, (request: IncomingMessage, response: ServerResponse) => void | Promise<void>>>;

/** Settings of {@link startStaticServer}. */
export interface StaticServerOptions {
  /** Folder to serve. */
  readonly root: string;
  /** First port to try; 0 takes any free one. Default 0. */
  readonly port?: number;
  /** Address to listen on. Default `'127.0.0.1'`: this machine only. */
  readonly host?: string;
  /** What answers at paths that are not files. */
  readonly routes?: Routes;
  /** Told about each port that was taken. */
  readonly onPortInUse?: (portInUse: number) => void;
}

/** A running server. */
export interface StaticServer {
  /** `http://HOST:PORT` */
  readonly origin: string;
  close(): Promise<void>;
}

/** A satisfiable byte range, `undefined` for none, `'unsatisfiable'` for one that lies outside the file. */
function parseRange(header: string | undefined, sizeBytes: number): { start: number; end: number } | 'unsatisfiable' | undefined {
  const match = /^bytes=(\d*)-(\d*)$/.exec(header ?? '');
  if (!match || (match[1] === '' && match[2] === '')) return undefined;
  const last = sizeBytes - 1;
  const start = match[1] === '' ? Math.max(0, sizeBytes - Number(match[2])) : Number(match[1]);
  const end = match[1] === '' || match[2] === '' ? last : Math.min(Number(match[2]), last);
  return start > end ? 'unsatisfiable' : { start, end };
}

async function findFile(root: string, urlPath: string): Promise<{ path: string; info: Stats } | undefined> {
  const path = normalize(join(root, urlPath));
  if (path !== root && !path.startsWith(root.endsWith(sep) ? root : root + sep)) return undefined;
  try {
    const info = await stat(path);
    return info.isDirectory() ? await findFile(root, join(urlPath, 'index.html')) : { path, info };
  } catch {
    return undefined;
  }
}

/** Sends one file, or the byte range of it that was asked for. */
export async function sendFile(path: string, info: Stats, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const sizeBytes = info.size;
  const etag = `"${sizeBytes.toString(36)}-${Math.round(info.mtimeMs).toString(36)}"`;
  response.setHeader('ETag', etag);
  response.setHeader('Cache-Control', 'no-cache');
  response.setHeader('Accept-Ranges', 'bytes');
  response.setHeader('Content-Type', TYPES[extname(path)] ?? 'application/octet-stream');
  if (request.headers['if-none-match'] === etag) {
    response.writeHead(304).end();
    return;
  }
  const range = parseRange(request.headers.range, sizeBytes);
  if (range === 'unsatisfiable') {
    response.writeHead(416, { 'Content-Range': `bytes */${sizeBytes}` }).end();
    return;
  }
  const lengthBytes = range ? range.end - range.start + 1 : sizeBytes;
  const extra = range ? { 'Content-Range': `bytes ${range.start}-${range.end}/${sizeBytes}` } : {};
  response.writeHead(range ? 206 : 200, { ...extra, 'Content-Length': lengthBytes });
  if (request.method === 'HEAD' || lengthBytes === 0) response.end();
  else await pipeline(createReadStream(path, range ?? {}), response);
}

async function answer(root: string, routes: Routes, request: IncomingMessage, response: ServerResponse): Promise<void> {
  response.setHeader('Cross-Origin-Opener-Policy', 'same-origin');
  response.setHeader('Cross-Origin-Embedder-Policy', 'require-corp');
  response.setHeader('Cross-Origin-Resource-Policy', 'same-origin');
  response.setHeader('X-Content-Type-Options', 'nosniff');
  const path = decodeURIComponent(new URL(request.url ?? '/', 'http://localhost').pathname);
  const route = routes[path];
  if (route !== undefined) {
    await route(request, response);
    return;
  }
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    response.writeHead(405, { Allow: 'GET, HEAD' }).end();
    return;
  }
  const found = await findFile(root, path);
  if (found === undefined) {
    response.writeHead(404, { 'Content-Type': 'text/plain; charset=utf-8' }).end(`There is no ${path} here.`);
    return;
  }
  await sendFile(found.path, found.info, request, response);
}

async function listen(server: Server, host: string, port: number): Promise<number> {
  return new Promise((done, fail) => {
    server.once('error', fail);
    server.listen(port, host, () => {
      server.off('error', fail);
      const address = server.address();
      done(typeof address === 'object' && address !== null ? address.port : port);
    });
  });
}

async function listenOnFreePort(server: Server, host: string, first: number, onPortInUse?: (port: number) => void): Promise<number> {
  for (let port = first; ; port++) {
    try {
      return await listen(server, host, port);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
      if (port + 1 >= first + PORTS_TRIED) {
        throw new Error(`Ports ${first} to ${port} are all in use. Give a free one with --port.`, { cause: error });
      }
      onPortInUse?.(port);
    }
  }
}

/**
 * Starts a server; the next free port is taken when the wanted one is in use.
 * @throws Error when twenty ports in a row are taken or the address cannot be listened on
 */
export async function startStaticServer(options: StaticServerOptions): Promise<StaticServer> {
  const host = options.host ?? '127.0.0.1';
  const root = normalize(options.root);
  const server = createServer((request, response) => {
    answer(root, options.routes ?? {}, request, response).catch(() => {
      // A malformed address, or the browser went away halfway through a file.
      if (!response.headersSent) response.writeHead(400);
      response.end();
    });
  });
  const port = await listenOnFreePort(server, host, options.port ?? 0, options.onPortInUse);
  return {
    origin: `http://${host === '127.0.0.1' ? 'localhost' : host}:${port}`,
    close: () =>
      new Promise((done) => {
        server.closeAllConnections();
        server.close(() => done());
      }),
  };
}
