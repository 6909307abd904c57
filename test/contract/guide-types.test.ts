/** The pieces of code in the guide to calls that need a vendor's account to run: each is at least what its library takes. */
import { join } from 'node:path';
import ts from 'typescript';
import { beforeAll, describe, expect, it } from 'vitest';
import { readGuide } from '../helpers/guide';
import { ROOT } from '../helpers/serve';
import { GUIDE_NAMES } from './guide-names';

const OPTIONS: ts.CompilerOptions = {
  target: ts.ScriptTarget.ES2022,
  module: ts.ModuleKind.ESNext,
  moduleResolution: ts.ModuleResolutionKind.Bundler,
  // A guide does not ask of everything whether it is there.
  strict: false,
  noEmit: true,
  skipLibCheck: true,
  types: ['@types/dom-mediacapture-transform', '@webgpu/types'],
  paths: { stylefilter: [join(ROOT, 'sdk/index.ts')], 'stylefilter/adapters/*': [join(ROOT, 'sdk/adapters/*.ts')] },
};

/** What the compiler says against each piece of code. */
function complaints(pieces: ReadonlyMap<string, string>): Map<string, string[]> {
  const files = new Map([...pieces].map(([name, text]) => [join(ROOT, `test/contract/guide-${name}.ts`), text]));
  const host = ts.createCompilerHost(OPTIONS);
  const program = ts.createProgram([...files.keys()], OPTIONS, {
    ...host,
    fileExists: (path) => files.has(path) || host.fileExists(path),
    readFile: (path) => files.get(path) ?? host.readFile(path),
    getSourceFile(path, version, ...rest) {
      const text = files.get(path);
      return text === undefined ? host.getSourceFile(path, version, ...rest) : ts.createSourceFile(path, text, version);
    },
  });
  return new Map([...pieces.keys()].map((name) => {
    const file = program.getSourceFile(join(ROOT, `test/contract/guide-${name}.ts`))!;
    const found = [...program.getSyntacticDiagnostics(file), ...program.getSemanticDiagnostics(file)];
    return [name, found.map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'))];
  }));
}

/** A piece with what it takes for granted; imports first, as the language wants them. */
function whole(name: string, text: string): string {
  return `${GUIDE_NAMES[name]}\n${text}\nexport {};`;
}

/** The same piece, handing over something else. */
function spoilt(text: string): string {
  return text.replace(/filter\.track\b/, 'filter.canvas').replace('(processor', '(4').replace('[processor]', '[4]').replace('(filter.apply)', '(4)').replace('(effect)', '(4)');
}

let marked: ReadonlyMap<string, string>;
let unmarked: readonly string[];
let found: ReadonlyMap<string, string[]>;

beforeAll(async () => {
  const blocks = await readGuide('sdk/docs/calls.md');
  const markOf = (role: string): string | undefined => /^checked=(\w+)$/.exec(role)?.[1];
  marked = new Map(blocks.flatMap(({ role, text }) => (markOf(role) === undefined ? [] : [[markOf(role)!, text] as const])));
  unmarked = blocks.filter(({ language, role }) => language === 'js' && markOf(role) === undefined && !role.startsWith('file=')).map(({ text }) => text);
  // One program for all: most of its time goes into the libraries' own types.
  found = complaints(new Map([...marked].flatMap(([name, text]) => [[name, whole(name, text)], [`${name}-spoilt`, whole(name, spoilt(text))]])));
});

describe('the guide to calls', () => {
  it('has a piece of code for every library, and none that nothing checks', () => {
    expect([...marked.keys()].sort()).toEqual(Object.keys(GUIDE_NAMES).sort());
    expect(unmarked).toEqual([]);
  });

  it.each(Object.keys(GUIDE_NAMES))('gives %s what it takes', (name) => {
    expect(found.get(name)).toEqual([]);
  });

  it.each(Object.keys(GUIDE_NAMES).filter((name) => name !== 'track'))('would be found out if it gave %s something else', (name) => {
    expect(found.get(`${name}-spoilt`)).not.toEqual([]);
  });
});
