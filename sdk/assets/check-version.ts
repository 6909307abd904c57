import { FilterError } from '../errors';
import type { JsonReader } from './json-reader';

/** Refuses a file of a version this build does not know, before its other fields are read. */
export function checkVersion(root: JsonReader, file: string, known: number): void {
  const version = root.integer('version', 0);
  if (version === known) return;
  throw new FilterError(
    'asset-version',
    `${file} has version ${version}, but this build of the library reads version ${known}. Use assets and library of the same release.`,
    { stage: 'load', fatal: true },
  );
}
