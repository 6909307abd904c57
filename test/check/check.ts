/** `npm run check`: everything that needs no browser and no Python. */
import { runSteps } from '../helpers/steps';

runSteps([
  { name: 'types', command: 'npx', args: ['tsc', '--noEmit', '-p', 'tsconfig.json'] },
  {
    name: 'lint, documentation of exports',
    command: 'npx',
    args: ['eslint', '--no-warn-ignored', '-c', 'test/check/eslint.config.mjs', 'sdk', 'demo', 'models', 'test', 'distill', 'rollup.config.ts'],
  },
  {
    name: 'circular imports',
    command: 'npx',
    args: ['dpdm', '--no-tree', '--no-warning', '--transform', '--exit-code', 'circular:1', 'sdk/index.ts', 'sdk/engine/engine-worker.ts', 'sdk/adapters/*.ts', 'demo/page/main.ts', 'demo/overlay/overlay.ts', 'demo/overlay/build.ts', 'demo/extension/page/page.ts', 'demo/extension/relay/relay.ts', 'demo/extension/engine/offscreen.ts', 'demo/extension/popup/popup.ts', 'demo/extension/background/service-worker.ts'],
  },
  { name: 'size of tracked files', command: 'npx', args: ['tsx', 'test/check/tracked-size.ts'] },
  { name: 'API reference', command: 'npm', args: ['run', '--silent', 'docs'] },
  { name: 'unit tests', command: 'npx', args: ['vitest', 'run', '--config', 'test/vitest.config.ts', '--project', 'unit'] },
]);
