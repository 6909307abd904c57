import { execFileSync } from 'node:child_process';
import { cpus, totalmem } from 'node:os';
import type { Browser } from 'puppeteer';

/** Where and with what the figures were taken. */
export interface Machine {
  readonly processor: string;
  readonly cores: number;
  readonly memoryGib: number;
  readonly browser: string;
  readonly node: string;
  /** Short hash of the checked-out commit, with `+` where files were changed. */
  readonly commit: string;
}

function git(...args: string[]): string {
  try {
    return execFileSync('git', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  } catch {
    return '';
  }
}

/** Looks what the machine is. */
export async function describeMachine(browser: Browser): Promise<Machine> {
  const changed = git('status', '--porcelain', '--untracked-files=no', '--', 'sdk', 'models', 'filters') !== '';
  return {
    processor: cpus()[0]?.model.trim() ?? 'unknown',
    cores: cpus().length,
    memoryGib: Math.round(totalmem() / 2 ** 30),
    browser: await browser.version(),
    node: process.version,
    commit: `${git('rev-parse', '--short', 'HEAD') || 'unknown'}${changed ? '+' : ''}`,
  };
}
