/** What the command line asks for, checked before anything is started. */
import { existsSync, readdirSync, statSync } from 'node:fs';
import { basename, dirname, extname, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';

/** A mistake the user can put right: its message is all there is to say. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** What the filter is asked to do with every file. */
export interface FilterRequest {
  readonly style: string;
  /** A look of the style. Default: the pack's. */
  readonly exemplar?: string;
  readonly backend: 'auto' | 'webgpu' | 'wasm';
  readonly quality: 'auto' | 'standard' | 'lite';
  /** Default: the library's, 1 in a video and 4 in a picture. */
  readonly maxFaces?: number;
}

/** One file to make. */
export interface RenderJob {
  readonly inPath: string;
  readonly outPath: string;
  readonly kind: 'video' | 'picture';
}

/** Everything the command line asks for. */
export interface RenderRequest {
  readonly jobs: readonly RenderJob[];
  readonly filter: FilterRequest;
  /** Whether the input was a folder; the statistics are then listed by file. */
  readonly isFolder: boolean;
  readonly statsPath?: string;
}

/** How to call the command. */
export const USAGE =
  'npm run render -- IN OUT --style ID [--exemplar ID] [--backend auto|webgpu|wasm] [--quality auto|standard|lite] [--faces N] [--stats FILE]';

const VIDEO_IN = ['.mp4', '.m4v', '.mov', '.webm', '.mkv', '.avi', '.ts', '.ogv'];
const VIDEO_OUT = ['.mp4', '.webm', '.mkv'];
const PICTURE_IN = ['.png', '.jpg', '.jpeg', '.webp', '.gif', '.avif', '.bmp'];
const PICTURE_OUT = ['.png', '.jpg', '.jpeg'];

const extensionOf = (path: string): string => extname(path).toLowerCase();

function oneOf<T extends string>(name: string, value: string, allowed: readonly T[]): T {
  const found = allowed.find((candidate) => candidate === value);
  if (found === undefined) throw new UsageError(`--${name} must be ${allowed.join(' or ')}, was "${value}".`);
  return found;
}

function jobFor(inPath: string, outPath: string): RenderJob {
  const isPicture = PICTURE_IN.includes(extensionOf(inPath));
  const allowed = isPicture ? PICTURE_OUT : VIDEO_OUT;
  if (!allowed.includes(extensionOf(outPath))) {
    throw new UsageError(`${outPath} must end in ${allowed.join(', ')}, because ${inPath} is a ${isPicture ? 'picture' : 'video'}.`);
  }
  return { inPath, outPath, kind: isPicture ? 'picture' : 'video' };
}

function folderJobs(inDir: string, outDir: string): RenderJob[] {
  const names = readdirSync(inDir).filter((name) => [...VIDEO_IN, ...PICTURE_IN].includes(extensionOf(name))).sort();
  if (names.length === 0) throw new UsageError(`${inDir} holds no video and no picture. Name a folder that does.`);
  if (existsSync(outDir) && !statSync(outDir).isDirectory()) throw new UsageError(`${outDir} is a file, but ${inDir} is a folder. Name a folder to write to.`);
  const jobs = names.map((name) => {
    const extension = extensionOf(name);
    const fitting = [...VIDEO_OUT, ...PICTURE_OUT].includes(extension);
    const fallback = PICTURE_IN.includes(extension) ? '.png' : '.mp4';
    return jobFor(join(inDir, name), join(outDir, fitting ? name : `${basename(name, extname(name))}${fallback}`));
  });
  for (const job of jobs) {
    const twin = jobs.find((other) => other !== job && other.outPath === job.outPath);
    if (twin) throw new UsageError(`${job.inPath} and ${twin.inPath} would both become ${job.outPath}. Rename one of them.`);
  }
  return jobs;
}

function checkFolderOf(path: string, flag: string): void {
  const folder = dirname(path);
  if (!existsSync(folder)) throw new UsageError(`The folder ${folder} of ${flag} does not exist. Make it first, or write somewhere else.`);
}

function findJobs(inPath: string, outPath: string): { jobs: RenderJob[]; isFolder: boolean } {
  if (!existsSync(inPath)) throw new UsageError(`There is no file or folder at ${inPath}.`);
  if (inPath === outPath) throw new UsageError('OUT is the same as IN, and the input is never overwritten. Give OUT another name.');
  checkFolderOf(outPath, 'OUT');
  if (statSync(inPath).isDirectory()) return { jobs: folderJobs(inPath, outPath), isFolder: true };
  if (existsSync(outPath) && statSync(outPath).isDirectory()) throw new UsageError(`${outPath} is a folder, but ${inPath} is a file. Give OUT a file name.`);
  return { jobs: [jobFor(inPath, outPath)], isFolder: false };
}

/**
 * Checks the style against the packs in the built assets.
 * @throws UsageError naming what there is
 */
export function checkStyle(filtersDir: string, { style, exemplar }: FilterRequest, readJson: (path: string) => unknown): void {
  const styles = existsSync(filtersDir) ? readdirSync(filtersDir).filter((name) => existsSync(join(filtersDir, name, 'pack.json'))) : [];
  if (!styles.includes(style)) throw new UsageError(`There is no style "${style}". There is: ${styles.join(', ')}.`);
  if (exemplar === undefined) return;
  const pack = readJson(join(filtersDir, style, 'pack.json')) as { exemplars: { id: string }[] };
  const looks = pack.exemplars.map(({ id }) => id);
  if (!looks.includes(exemplar)) throw new UsageError(`The style "${style}" has no look "${exemplar}". It has: ${looks.join(', ')}.`);
}

/**
 * Reads and checks the arguments.
 * @throws UsageError with one sentence
 */
export function readRequest(args: readonly string[]): RenderRequest {
  let parsed;
  try {
    parsed = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        style: { type: 'string' },
        exemplar: { type: 'string' },
        backend: { type: 'string', default: 'auto' },
        quality: { type: 'string', default: 'auto' },
        faces: { type: 'string' },
        stats: { type: 'string' },
      },
    });
  } catch (error) {
    throw new UsageError(`${error instanceof Error ? error.message.split('\n')[0] : String(error)} Usage: ${USAGE}`);
  }
  const { positionals, values } = parsed;
  const [inArgument, outArgument] = positionals;
  if (inArgument === undefined || outArgument === undefined || positionals.length > 2) throw new UsageError(`Name one input and one output. Usage: ${USAGE}`);
  if (values.style === undefined) throw new UsageError(`Name a style with --style, for example --style comic. Usage: ${USAGE}`);
  const maxFaces = values.faces === undefined ? undefined : Number(values.faces);
  if (maxFaces !== undefined && !(Number.isInteger(maxFaces) && maxFaces >= 1 && maxFaces <= 4)) throw new UsageError(`--faces must be a whole number from 1 to 4, was "${values.faces}".`);
  const statsPath = values.stats === undefined ? undefined : resolve(values.stats);
  if (statsPath !== undefined) checkFolderOf(statsPath, '--stats');
  return {
    ...findJobs(resolve(inArgument), resolve(outArgument)),
    filter: {
      style: values.style,
      ...(values.exemplar === undefined ? {} : { exemplar: values.exemplar }),
      backend: oneOf('backend', values.backend, ['auto', 'webgpu', 'wasm']),
      quality: oneOf('quality', values.quality, ['auto', 'standard', 'lite']),
      ...(maxFaces === undefined ? {} : { maxFaces }),
    },
    ...(statsPath === undefined ? {} : { statsPath }),
  };
}
