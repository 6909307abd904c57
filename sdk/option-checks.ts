import { FilterError } from './errors';

/** Throws a `bad-option` {@link FilterError} that names `path` if the value is not allowed. */
export type Check = (value: unknown, path: string) => void;

function refuse(path: string, must: string, value: unknown): never {
  const was = typeof value === 'string' ? `'${value}'` : String(value);
  throw new FilterError('bad-option', `${path} must be ${must}, was ${was}.`, { stage: 'options' });
}

function check(must: string, allowed: (value: unknown) => boolean): Check {
  return (value, path) => {
    if (!allowed(value)) refuse(path, must, value);
  };
}

const isText = (value: unknown): value is string => typeof value === 'string' && value.length > 0;

const number = (min: number, max: number): Check => check(`a number from ${min} to ${max}`, (value) => typeof value === 'number' && value >= min && value <= max);
const unit = number(0, 1);
const text = check('a non-empty string', isText);

const STYLE_FIELDS: Readonly<Record<string, Check>> = {
  id: text,
  exemplar: text,
  structure: unit,
  color: unit,
  keepColor: unit,
  blend: (value, path) => {
    if (typeof value !== 'object' || value === null) refuse(path, '{ exemplar, amount }', value);
    const { exemplar, amount } = value as { exemplar?: unknown; amount?: unknown };
    text(exemplar, `${path}.exemplar`);
    unit(amount, `${path}.amount`);
  },
  mix: (value, path) => {
    if (typeof value !== 'object' || value === null) refuse(path, '{ parts, colors }', value);
    const { parts, colors } = value as { parts?: unknown; colors?: unknown };
    if (typeof parts !== 'object' || parts === null || Object.keys(parts).length === 0) refuse(`${path}.parts`, 'the id of a look for each part', parts);
    for (const [name, id] of Object.entries(parts)) text(id, `${path}.parts.${name}`);
    if (!Array.isArray(colors)) refuse(`${path}.colors`, 'a list of numbers from 0 to 1', colors);
    for (const [index, level] of (colors as unknown[]).entries()) unit(level, `${path}.colors[${index}]`);
  },
  seed: check('a whole number', Number.isSafeInteger),
};

const style: Check = (value, path) => {
  if (isText(value)) return;
  if (typeof value !== 'object' || value === null) refuse(path, "the id of a style, for example 'comic', or { id, … }", value);
  text((value as { id?: unknown }).id, `${path}.id`);
  for (const [key, field] of Object.entries(value)) {
    const fieldCheck = STYLE_FIELDS[key];
    if (fieldCheck === undefined) throw new FilterError('bad-option', `${path}.${key} is not an option; known are ${Object.keys(STYLE_FIELDS).join(', ')}.`, { stage: 'options' });
    if (field !== undefined) fieldCheck(field, `${path}.${key}`);
  }
};

/** The kinds of value an option can have. */
export const checkers = {
  oneOf: (...values: readonly string[]): Check => check(values.map((value) => `'${value}'`).join(' or '), (value) => values.includes(value as string)),
  integer: (min: number, max: number): Check =>
    check(`an integer from ${min} to ${max}`, (value) => Number.isInteger(value) && (value as number) >= min && (value as number) <= max),
  number,
  unit,
  text,
  style,
  boolean: check('true or false', (value) => typeof value === 'boolean'),
  address: check('a URL', (value) => isText(value) || value instanceof URL),
  callback: check('a function', (value) => typeof value === 'function'),
  abortSignal: check('an AbortSignal', (value) => value instanceof AbortSignal),
};
