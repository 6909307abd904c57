/**
 * Serves the built demo and prints its address.
 *
 *     npx tsx demo/serve.ts [--port 8080] [--host 127.0.0.1]
 */
import { existsSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { startStaticServer } from './static-server';

const DIST = resolve(dirname(fileURLToPath(import.meta.url)), '../dist');

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { port: { type: 'string', default: '8080' }, host: { type: 'string', default: '127.0.0.1' } } });
  const port = Number(values.port);
  if (!Number.isInteger(port) || port < 0 || port > 65_535) throw new Error(`--port must be a whole number from 0 to 65535, was ${values.port}.`);
  if (!existsSync(resolve(DIST, 'demo/page/index.html'))) throw new Error('The demo is not built yet. Run: npm run build');

  const server = await startStaticServer({
    root: DIST,
    port,
    host: values.host,
    onPortInUse: (taken) => console.log(`Port ${taken} is in use; trying ${taken + 1}.`),
  });
  console.log(`StyleFilter demo: ${server.origin}/demo/page/`);
  console.log('Stop it with Ctrl+C.');
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
});
