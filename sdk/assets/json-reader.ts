import { FilterError } from '../errors';

const MAX_SHOWN = 40;

/** One object of a JSON file with its path, so that each complaint names the file and the field. */
export class JsonReader {
  private constructor(
    private readonly fields: Readonly<Record<string, unknown>>,
    private readonly file: string,
    private readonly path: string,
  ) {}

  /** Parses a file's text. Throws `asset-corrupt` when it is not a JSON object. */
  static parse(text: string, file: string): JsonReader {
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch (cause) {
      throw new FilterError(
        'asset-corrupt',
        `${file} is not JSON (it starts with ${shown(text)}). Check that options.assetBase points at the folder that holds the library's assets.`,
        { stage: 'load', fatal: true, cause },
      );
    }
    return JsonReader.of(value, file, '');
  }

  private static of(value: unknown, file: string, path: string): JsonReader {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) throw complaint(file, path, 'an object', value);
    return new JsonReader(value as Record<string, unknown>, file, path);
  }

  /** Whether the field is there and not null. */
  has(key: string): boolean {
    return this.fields[key] !== undefined && this.fields[key] !== null;
  }

  keys(): readonly string[] {
    return Object.keys(this.fields);
  }

  object(key: string): JsonReader {
    return JsonReader.of(this.fields[key], this.file, this.at(key));
  }

  objects(key: string): readonly JsonReader[] {
    return this.list(key, 'objects').map((item, i) => JsonReader.of(item, this.file, `${this.at(key)}[${i}]`));
  }

  string(key: string, pattern?: RegExp, meaning = 'a non-empty string'): string {
    const value = this.fields[key];
    if (typeof value === 'string' && value !== '' && (!pattern || pattern.test(value))) return value;
    throw this.wrong(key, meaning);
  }

  number(key: string, min = -Infinity, max = Infinity): number {
    const value = this.fields[key];
    if (typeof value === 'number' && value >= min && value <= max) return value;
    throw this.wrong(key, Number.isFinite(min) || Number.isFinite(max) ? `a number from ${min} to ${max}` : 'a number');
  }

  integer(key: string, min = 0): number {
    const value = this.fields[key];
    if (typeof value === 'number' && Number.isInteger(value) && value >= min) return value;
    throw this.wrong(key, `a whole number from ${min} up`);
  }

  integers(key: string): readonly number[] {
    const list = this.list(key, 'whole numbers');
    if (list.every((item) => typeof item === 'number' && Number.isInteger(item) && item > 0)) return list as readonly number[];
    throw this.wrong(key, 'a list of whole numbers from 1 up');
  }

  strings(key: string): readonly string[] {
    const list = this.list(key, 'texts');
    if (list.every((item) => typeof item === 'string' && item !== '')) return list as readonly string[];
    throw this.wrong(key, 'a list of non-empty strings');
  }

  /** Spans [first, past-last) of whole numbers. */
  spans(key: string): readonly (readonly [number, number])[] {
    const list = this.list(key, 'spans');
    const isSpan = (item: unknown): boolean => Array.isArray(item) && item.length === 2 && item.every((value) => Number.isSafeInteger(value)) && item[0] >= 0 && item[0] < item[1];
    if (list.every(isSpan)) return list as readonly (readonly [number, number])[];
    throw this.wrong(key, 'a list of [first, past-last]');
  }

  pair(key: string, min: number, max: number): readonly [number, number] {
    const list = this.list(key, 'two numbers');
    const [first, second] = list;
    const isIn = (value: unknown): value is number => typeof value === 'number' && value >= min && value <= max;
    if (list.length === 2 && isIn(first) && isIn(second)) return [first, second];
    throw this.wrong(key, `two numbers from ${min} to ${max}`);
  }

  oneOf<T extends string>(key: string, allowed: readonly T[]): T {
    const value = this.fields[key];
    const found = allowed.find((name) => name === value);
    if (found !== undefined) return found;
    throw this.wrong(key, `one of ${allowed.map((name) => `'${name}'`).join(', ')}`);
  }

  /** A path inside the asset folder: relative, without `..`, so that a file can never point elsewhere. */
  relativePath(key: string): string {
    return this.string(key, /^(?!\/)(?!.*(?:^|\/)\.\.(?:\/|$))[\w.][\w./ -]*$/, 'a relative path without ".."');
  }

  private list(key: string, of: string): readonly unknown[] {
    const value = this.fields[key];
    if (Array.isArray(value)) return value;
    throw this.wrong(key, `a list of ${of}`);
  }

  private wrong(key: string, expected: string): FilterError {
    return complaint(this.file, this.at(key), expected, this.fields[key]);
  }

  private at(key: string): string {
    return this.path === '' ? key : `${this.path}.${key}`;
  }
}

function complaint(file: string, path: string, expected: string, value: unknown): FilterError {
  const where = path === '' ? 'its content' : path;
  return new FilterError('asset-corrupt', `${file}: ${where} must be ${expected}, but is ${shown(value)}. Restore the file from the package.`, {
    stage: 'load',
    fatal: true,
  });
}

function shown(value: unknown): string {
  if (value === undefined) return 'missing';
  const text = JSON.stringify(value);
  return text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}…` : text;
}
