import { closeSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { UsageError } from './request';

/** A file that appears under its name only once it is whole. */
export interface OutputFile {
  /** Writes bytes at a place in the file. Throws a {@link UsageError} when the disk takes no more. */
  write(bytes: Uint8Array, positionBytes: number): void;
  /** Gives the file its name. */
  finish(): void;
  /** Removes what was written so far. Does nothing after `finish`. */
  discard(): void;
}

const REASONS: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full. Free some space or write to another disk',
  EDQUOT: 'your share of the disk is used up. Free some space or write to another disk',
  EFBIG: 'the file has grown beyond what is allowed here. Write to another disk or raise the limit',
  EACCES: 'writing there is not allowed. Choose another folder',
  EPERM: 'writing there is not allowed. Choose another folder',
  EROFS: 'the disk is read-only. Choose another folder',
};

/** The sentence for a file that could not be written. */
export function writeProblem(path: string, error: unknown): UsageError {
  const { code, message } = error as NodeJS.ErrnoException;
  return new UsageError(`${path} could not be written: ${REASONS[code ?? ''] ?? message}.`);
}

/**
 * Opens a file beside its later place, so that taking its name is one step.
 * @throws UsageError when nothing can be written there
 */
export function openOutput(path: string): OutputFile {
  const partPath = join(dirname(path), `.${basename(path)}.${process.pid}.part`);
  let open = true;
  const guarded = <T>(work: () => T): T => {
    try {
      return work();
    } catch (error) {
      throw writeProblem(path, error);
    }
  };
  const descriptor = guarded(() => openSync(partPath, 'w'));
  const close = (): void => {
    open = false;
    process.off('exit', discard);
    closeSync(descriptor);
  };
  const discard = (): void => {
    if (!open) return;
    close();
    rmSync(partPath, { force: true });
  };
  // Also when the process is ended from outside.
  process.on('exit', discard);
  return {
    write: (bytes, positionBytes) =>
      guarded(() => {
        for (let done = 0; done < bytes.byteLength; ) done += writeSync(descriptor, bytes, done, bytes.byteLength - done, positionBytes + done);
      }),
    finish: () =>
      guarded(() => {
        close();
        try {
          renameSync(partPath, path);
        } catch (error) {
          rmSync(partPath, { force: true });
          throw error;
        }
      }),
    discard,
  };
}
