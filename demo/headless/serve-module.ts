import { createServer } from 'node:http';
import { build } from 'esbuild';
import { listen, type LocalServer } from './listen';

/**
 * Serves a blank page at `/`, a TypeScript module bundled at `/module.js`, and the given bytes by path.
 * @throws Error when the module does not build
 */
export async function serveModule(entry: string, files: Readonly<Record<string, Uint8Array>> = {}): Promise<LocalServer> {
  const bundle = await build({ entryPoints: [entry], bundle: true, format: 'esm', target: 'es2022', write: false, logLevel: 'silent' });
  const server = createServer((request, response) => {
    const path = new URL(request.url ?? '/', 'http://localhost').pathname;
    const file = files[path];
    if (path === '/') response.writeHead(200, { 'Content-Type': 'text/html' }).end('<!doctype html><meta charset="utf-8">');
    else if (path === '/module.js') response.writeHead(200, { 'Content-Type': 'text/javascript' }).end(bundle.outputFiles[0]!.text);
    else if (file !== undefined) response.writeHead(200, { 'Content-Type': 'application/octet-stream' }).end(file);
    else response.writeHead(404).end();
  });
  return listen(server);
}
