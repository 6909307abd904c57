import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkStyle, readRequest, UsageError } from '../../../demo/render/request';

let dir: string;

beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'render-request-'));
  mkdirSync(join(dir, 'many'));
  mkdirSync(join(dir, 'empty'));
  mkdirSync(join(dir, 'twins'));
  for (const name of ['in.mp4', 'in.png', 'many/b.MOV', 'many/a.jpg', 'many/notes.txt', 'twins/a.mov', 'twins/a.mp4']) writeFileSync(join(dir, name), 'x');
  mkdirSync(join(dir, 'filters/comic'), { recursive: true });
  writeFileSync(join(dir, 'filters/comic/pack.json'), JSON.stringify({ exemplars: [{ id: 'noir' }, { id: 'pop' }] }));
});
afterAll(() => rmSync(dir, { recursive: true }));

const at = (name: string): string => join(dir, name);
const read = (...args: string[]) => readRequest([...args, '--style', 'comic']);

describe('render arguments', () => {
  it('takes one file as one job, and leaves what is not said to the library', () => {
    expect(read(at('in.mp4'), at('out.webm'))).toEqual({
      jobs: [{ inPath: at('in.mp4'), outPath: at('out.webm'), kind: 'video' }],
      isFolder: false,
      filter: { style: 'comic', backend: 'auto', quality: 'auto' },
    });
  });

  it('takes every option', () => {
    const request = read(at('in.png'), at('out.jpg'), '--exemplar', 'noir', '--backend', 'wasm', '--quality', 'lite', '--faces', '2', '--stats', at('s.json'));
    expect(request.filter).toEqual({ style: 'comic', exemplar: 'noir', backend: 'wasm', quality: 'lite', maxFaces: 2 });
    expect(request.statsPath).toBe(at('s.json'));
    expect(request.jobs[0]!.kind).toBe('picture');
  });

  it('takes the videos and pictures of a folder in order of name', () => {
    const { jobs, isFolder } = read(at('many'), at('made'));
    expect(isFolder).toBe(true);
    expect(jobs).toEqual([
      { inPath: at('many/a.jpg'), outPath: at('made/a.jpg'), kind: 'picture' },
      { inPath: at('many/b.MOV'), outPath: at('made/b.mp4'), kind: 'video' },
    ]);
  });

  it.each<[string, () => unknown, RegExp]>([
    ['no output', () => read(at('in.mp4')), /Name one input and one output.*Usage/],
    ['no style', () => readRequest([at('in.mp4'), at('o.mp4')]), /Name a style with --style/],
    ['an unknown option', () => read(at('in.mp4'), at('o.mp4'), '--speed', '9'), /Unknown option '--speed'/],
    ['no such input', () => read(at('none.mp4'), at('o.mp4')), /There is no file or folder at .*none\.mp4/],
    ['an output folder that is not there', () => read(at('in.mp4'), at('nowhere/o.mp4')), /The folder .*nowhere of OUT does not exist/],
    ['a folder of statistics that is not there', () => read(at('in.mp4'), at('o.mp4'), '--stats', at('nowhere/s.json')), /The folder .*nowhere of --stats does not exist/],
    ['the input as output', () => read(at('in.mp4'), at('in.mp4')), /never overwritten/],
    ['a picture as a video', () => read(at('in.png'), at('o.mp4')), /must end in \.png, \.jpg/],
    ['a video as a picture', () => read(at('in.mp4'), at('o.png')), /must end in \.mp4, \.webm, \.mkv/],
    ['a folder without pictures', () => read(at('empty'), at('made')), /holds no video and no picture/],
    ['two inputs that become one', () => read(at('twins'), at('made')), /would both become/],
    ['a file for a folder', () => read(at('many'), at('in.mp4')), /is a file, but .* is a folder/],
    ['a folder for a file', () => read(at('in.mp4'), at('many')), /is a folder, but .* is a file/],
    ['a backend that is none', () => read(at('in.mp4'), at('o.mp4'), '--backend', 'cuda'), /--backend must be auto or webgpu or wasm, was "cuda"/],
    ['five faces', () => read(at('in.mp4'), at('o.mp4'), '--faces', '5'), /--faces must be a whole number from 1 to 4/],
  ])('refuses %s in one sentence', (_what, run, message) => {
    expect(run).toThrow(UsageError);
    expect(run).toThrow(message);
  });
});

describe('style of a rendering', () => {
  const json = (path: string): unknown => JSON.parse(readFileSync(path, 'utf8'));
  const check = (style: string, exemplar?: string) => () =>
    checkStyle(at('filters'), { style, ...(exemplar === undefined ? {} : { exemplar }), backend: 'auto', quality: 'auto' }, json);

  it('is one of the built ones, with one of their looks', () => {
    expect(check('comic')).not.toThrow();
    expect(check('comic', 'pop')).not.toThrow();
    expect(check('manga')).toThrow('There is no style "manga". There is: comic.');
    expect(check('comic', 'sepia')).toThrow('The style "comic" has no look "sepia". It has: noir, pop.');
  });
});
