import { createServer } from 'node:http';
import { build } from 'esbuild';

/** A small local origin with one bundled module on it. */
export interface ModuleServer {
  /** `http://127.0.0.1:PORT` */
  readonly origin: string;
  close(): Promise<void>;
}

/**
 * Serves a blank page at `/`, a TypeScript module bundled at `/module.js`, and the given bytes by path.
 * @throws Error when the module does not build
 */
export async function serveModule(entry: string, files: Readonly<Record<string, Uint8Array>> = {}): Promise<ModuleServer> {
  const bundle = await build({ entryPoints: [entry], bundle: true, format: 'esm', target: 'es2022', write: false, logLevel: 'silent' });
  const server = createServer((request, response) => {
    const path = new URL(request.url ?? '/', 'http://localhost').pathname;
    const file = files[path];
    if (path === '/') response.writeHead(200, { 'Content-Type': 'text/html' }).end('<!doctype html><meta charset="utf-8">');
    else if (path === '/module.js') response.writeHead(200, { 'Content-Type': 'text/javascript' }).end(bundle.outputFiles[0]!.text);
    else if (file !== undefined) response.writeHead(200, { 'Content-Type': 'application/octet-stream' }).end(file);
    else response.writeHead(404).end();
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The local server got no port.');
  return {
    origin: `http://127.0.0.1:${address.port}`,
    close: () =>
      new Promise((done) => {
        server.closeAllConnections();
        server.close(() => done());
      }),
  };
}
