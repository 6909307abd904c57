/** `npm test`: checks and unit tests, the build, real Chromium, and `distill` in its own Python environment. */
import { runSteps } from './helpers/steps';

const venv = (...args: string[]) => ({ command: 'python3', args: ['distill/venv.py', '--', '-m', ...args] });

runSteps([
  { name: 'build', command: 'npm', args: ['run', 'build'] },
  { name: 'check', command: 'npm', args: ['run', 'check'] },
  { name: 'browser', command: 'npx', args: ['vitest', 'run', '--config', 'test/vitest.config.ts', '--project', 'browser'] },
  { name: 'distill: lint', ...venv('ruff', 'check', '--config', 'distill/ruff.toml', 'distill', 'test/distill') },
  { name: 'distill: tests', ...venv('pytest', 'test/distill', '-q') },
]);
