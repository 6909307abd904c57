import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, request as httpRequest } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startStaticServer, type StaticServer } from '../../../demo/static-server';

let root: string;
let server: StaticServer;

beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'static-server-'));
  mkdirSync(join(root, 'site/page'), { recursive: true });
  writeFileSync(join(root, 'secret.txt'), 'secret');
  writeFileSync(join(root, 'site/page/index.html'), '<!doctype html>');
  writeFileSync(join(root, 'site/clip.webm'), '0123456789');
  writeFileSync(join(root, 'site/net.wasm'), '');
  server = await startStaticServer({ root: join(root, 'site') });
});
afterAll(async () => {
  await server.close();
  rmSync(root, { recursive: true });
});

const get = (path: string, headers: Record<string, string> = {}): Promise<Response> => fetch(server.origin + path, { headers });

/** `fetch` tidies `..` away, so this asks with the path as it is. */
function statusOfRawPath(path: string): Promise<number> {
  const { hostname, port } = new URL(server.origin);
  return new Promise((done, fail) => {
    httpRequest({ hostname, port, path }, (response) => done(response.resume().statusCode ?? 0)).on('error', fail).end();
  });
}

describe('static server', () => {
  it('isolates the page from other origins, which WASM threads need', async () => {
    const { headers } = await get('/page/');
    expect(headers.get('Cross-Origin-Opener-Policy')).toBe('same-origin');
    expect(headers.get('Cross-Origin-Embedder-Policy')).toBe('require-corp');
  });

  it.each([['/page/', 'text/html; charset=utf-8'], ['/clip.webm', 'video/webm'], ['/net.wasm', 'application/wasm']])('sends %s as %s', async (path, type) => {
    const response = await get(path);
    expect(response.status).toBe(200);
    expect(response.headers.get('Content-Type')).toBe(type);
  });

  it.each([
    ['bytes=2-4', '234', 'bytes 2-4/10'],
    ['bytes=7-', '789', 'bytes 7-9/10'],
    ['bytes=-2', '89', 'bytes 8-9/10'],
    ['bytes=8-99', '89', 'bytes 8-9/10'],
  ])('answers the range %s', async (range, body, contentRange) => {
    const response = await get('/clip.webm', { Range: range });
    expect(response.status).toBe(206);
    expect(response.headers.get('Content-Range')).toBe(contentRange);
    expect(await response.text()).toBe(body);
  });

  it('refuses a range outside the file', async () => {
    const response = await get('/clip.webm', { Range: 'bytes=10-' });
    expect(response.status).toBe(416);
    expect(response.headers.get('Content-Range')).toBe('bytes */10');
  });

  it('sends nothing again that the browser has', async () => {
    const etag = (await get('/clip.webm')).headers.get('ETag')!;
    expect((await get('/clip.webm', { 'If-None-Match': etag })).status).toBe(304);
  });

  it.each(['/missing.js', '/../secret.txt', '/%2e%2e/secret.txt', '/..%2fsecret.txt'])('has nothing at %s', async (path) => {
    expect(await statusOfRawPath(path)).toBe(404);
  });

  it('lives on after a malformed address', async () => {
    expect(await statusOfRawPath('/%zz')).toBe(400);
    expect((await get('/page/')).status).toBe(200);
  });

  it('takes the next port when the wanted one is in use, and says so', async () => {
    const blocker = createServer();
    await new Promise<void>((done) => blocker.listen(0, '127.0.0.1', done));
    const taken = (blocker.address() as { port: number }).port;
    const said: number[] = [];
    const other = await startStaticServer({ root, port: taken, onPortInUse: (port) => said.push(port) });
    expect(said[0]).toBe(taken);
    expect(Number(new URL(other.origin).port)).toBe(taken + said.length);
    await other.close();
    await new Promise((done) => blocker.close(done));
  });
});
