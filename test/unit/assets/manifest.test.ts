import { describe, expect, it } from 'vitest';
import { parseManifest } from '../../../sdk/assets/manifest';
import { FilterError } from '../../../sdk/errors';
import { tinyStyle } from '../../helpers/tiny-style';

type Json = Record<string, any>;

function parse(change: (manifest: Json) => void) {
  const { manifest } = tinyStyle();
  change(manifest);
  return parseManifest(JSON.stringify(manifest));
}

function failure(change: (manifest: Json) => void): FilterError {
  try {
    parse(change);
  } catch (error) {
    if (error instanceof FilterError) return error;
  }
  throw new Error('The manifest was not refused.');
}

describe('parseManifest', () => {
  it('reads what a model is', () => {
    const [standard, lite] = parse(() => undefined).models;
    expect(standard).toMatchObject({ id: 'tiny-standard', size: 'standard', sizePx: 64, studentFp16: null, structureRows: 1, fallback: 'tiny-lite' });
    expect(lite!.student).toMatchObject({ file: 'tiny-lite/student.onnx', dtype: 'float32', inputs: { face: [1, 3, 64, 64], modulation: [1, 3] } });
    expect(lite!.fallback).toBeNull();
  });

  it('does not mind fields it does not know', () => {
    expect(parse((manifest) => (manifest.models[0].news = { any: 'thing' })).models).toHaveLength(2);
  });

  it.each<[string, (manifest: Json) => void, string]>([
    ['a missing field', (m) => delete m.models[1].student.sha256, 'models[1].student.sha256 must be 64 lower-case hexadecimal digits, but is missing'],
    ['a wrong type', (m) => (m.models[0].sizePx = '64'), 'models[0].sizePx must be a whole number from 8 up, but is "64"'],
    ['an unknown size', (m) => (m.models[0].size = 'huge'), `models[0].size must be one of 'standard', 'lite', 'hd', but is "huge"`],
    ['a shape that is none', (m) => (m.models[0].student.inputs.face = [1, -3]), 'models[0].student.inputs.face must be a list of whole numbers from 1 up, but is [1,-3]'],
    ['a list that is none', (m) => (m.models = {}), 'models must be a list of objects, but is {}'],
    ['a path out of the folder', (m) => (m.models[0].student.file = '../../secret'), 'models[0].student.file must be a relative path without ".."'],
    ['an address in place of a path', (m) => (m.models[0].golden.file = 'https://elsewhere.example/x'), 'models[0].golden.file must be a relative path'],
  ])('names the field: %s', (_, change, message) => {
    const error = failure(change);
    expect(error).toMatchObject({ code: 'asset-corrupt', stage: 'load', fatal: true });
    expect(error.message).toContain(`models/manifest.json: ${message}`);
  });

  it('refuses another version, before it looks at the rest', () => {
    const error = failure((manifest) => Object.assign(manifest, { version: 2, models: null }));
    expect(error).toMatchObject({ code: 'asset-version', fatal: true });
    expect(error.message).toContain('has version 2, but this build of the library reads version 1');
  });

  it('suspects the folder when it gets a page in place of JSON', () => {
    const attempt = () => parseManifest('<!doctype html><title>App</title>');
    expect(attempt).toThrow('models/manifest.json is not JSON (it starts with "<!doctype html>');
    expect(attempt).toThrow('options.assetBase');
  });
});
