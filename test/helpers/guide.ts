/** Guides that are run as they are written: what the fenced blocks of a Markdown page say about themselves. */
import { execFileSync } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { ROOT } from './serve';

/** A fenced block. */
export interface GuideBlock {
  /** Language, the first word after the fence. */
  readonly language: string;
  /** The words after it: `run`, `serve`, `file=PATH`. */
  readonly role: string;
  readonly text: string;
}

/** The fenced blocks of a page of the repository, in order. */
export async function readGuide(path: string): Promise<GuideBlock[]> {
  const page = await readFile(join(ROOT, path), 'utf8');
  return [...page.matchAll(/^```(\S+) ?(.*)\n([\s\S]*?)^```$/gm)].map(([, language, role, text]) => ({ language: language!, role: role!, text: text! }));
}

/** Runs shell blocks marked `run` and writes those marked `file=PATH`, from the top. Returns the folder it ends in. */
export async function followGuide(blocks: readonly GuideBlock[], folder: string): Promise<string> {
  let cwd = folder;
  for (const { language, role, text } of blocks) {
    if (language === 'sh' && role === 'run') cwd = runShell(text, cwd);
    const file = /^file=(.+)$/.exec(role)?.[1];
    if (file === undefined) continue;
    await mkdir(dirname(join(cwd, file)), { recursive: true });
    await writeFile(join(cwd, file), text);
  }
  return cwd;
}

/** Runs a block as a person would, stopping at the first failure. Returns the folder it ends in. */
function runShell(text: string, cwd: string): string {
  // What the registry gave before is taken from npm's cache.
  const env = { ...process.env, npm_config_prefer_offline: 'true' };
  const said = execFileSync('bash', ['-ec', `${text}\necho; pwd`], { cwd, env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  return said.trim().split('\n').at(-1)!;
}
