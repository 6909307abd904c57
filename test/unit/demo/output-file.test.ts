import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openOutput } from '../../../demo/render/output-file';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'output-file-'));
});
afterEach(() => rmSync(dir, { recursive: true }));

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

describe('output file', () => {
  it('appears under its name only when it is whole, also when written out of order', () => {
    const path = join(dir, 'out.mp4');
    const output = openOutput(path);
    output.write(bytes('world'), 6);
    output.write(bytes('hello '), 0);
    expect(existsSync(path)).toBe(false);
    output.finish();
    expect(readFileSync(path, 'utf8')).toBe('hello world');
    expect(readdirSync(dir)).toEqual(['out.mp4']);
  });

  it('leaves the old file alone when it is discarded, and nothing of the new one', () => {
    const path = join(dir, 'out.mp4');
    writeFileSync(path, 'old');
    const output = openOutput(path);
    output.write(bytes('new'), 0);
    output.discard();
    output.discard();
    expect(readFileSync(path, 'utf8')).toBe('old');
    expect(readdirSync(dir)).toEqual(['out.mp4']);
  });

  it('keeps the file when it is discarded after it was finished', () => {
    const path = join(dir, 'out.mp4');
    const output = openOutput(path);
    output.finish();
    output.discard();
    expect(existsSync(path)).toBe(true);
  });

  it.skipIf(!existsSync('/dev/full'))('says that the disk is full', () => {
    symlinkSync('/dev/full', join(dir, `.out.mp4.${process.pid}.part`));
    const output = openOutput(join(dir, 'out.mp4'));
    expect(() => output.write(bytes('x'), 0)).toThrow(/out\.mp4 could not be written: the disk is full\. Free some space or write to another disk\.$/);
    output.discard();
    expect(readdirSync(dir)).toEqual([]);
  });
});
