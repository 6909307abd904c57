import { spawnSync } from 'node:child_process';
import { ROOT } from './serve';

/** A named command of the repository. */
export interface Step {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
}

/** Runs the steps in order from the repository's root and ends the process with 1 at the first that fails. */
export function runSteps(steps: readonly Step[]): void {
  for (const step of steps) {
    console.log(`\n── ${step.name}`);
    const { status, error } = spawnSync(step.command, step.args, { cwd: ROOT, stdio: 'inherit' });
    if (status !== 0) {
      console.error(`\n${step.name} failed${error ? `: ${error.message}` : '.'} Command: ${step.command} ${step.args.join(' ')}`);
      process.exit(1);
    }
  }
}
