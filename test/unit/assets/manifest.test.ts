import { describe, expect, it } from 'vitest';
import { parseManifest } from '../../../sdk/assets/manifest';
import { FilterError } from '../../../sdk/errors';
import { setField, tinyStyle } from '../../helpers/tiny-style';

function parse(change: (manifest: object) => void = () => undefined) {
  const { manifest } = tinyStyle();
  change(manifest);
  return parseManifest(JSON.stringify(manifest));
}

function failure(change: (manifest: object) => void): FilterError {
  try {
    parse(change);
  } catch (error) {
    if (error instanceof FilterError) return error;
  }
  throw new Error('The manifest was not refused.');
}

describe('parseManifest', () => {
  it('reads what a model is', () => {
    const [standard, lite] = parse().models;
    expect(standard).toMatchObject({ id: 'tiny-standard', size: 'standard', sizePx: 64, studentFp16: null, structureRows: 1, fallback: 'tiny-lite' });
    expect(lite!.student).toMatchObject({ file: 'tiny-lite/student.onnx', dtype: 'float32', inputs: { face: [1, 3, 64, 64], modulation: [1, 3] } });
    expect(lite!.fallback).toBeNull();
  });

  it('does not mind fields it does not know', () => {
    expect(parse((manifest) => setField(manifest, 'models.0.news', { any: 'thing' })).models).toHaveLength(2);
  });

  it.each([
    ['models.1.student.sha256', undefined, 'models[1].student.sha256 must be 64 lower-case hexadecimal digits, but is missing'],
    ['models.0.sizePx', '64', 'models[0].sizePx must be a whole number from 8 up, but is "64"'],
    ['models.0.size', 'huge', `models[0].size must be one of 'standard', 'lite', 'hd', but is "huge"`],
    ['models.0.student.inputs.face', [1, -3], 'models[0].student.inputs.face must be a list of whole numbers from 1 up, but is [1,-3]'],
    ['models.0.crop.scale', 0, 'models[0].crop.scale must be a number from 0.1 to 10, but is 0'],
    ['models', {}, 'models must be a list of objects, but is {}'],
    ['models.0.student.file', '../../secret', 'models[0].student.file must be a relative path without ".."'],
    ['models.0.golden.file', 'https://elsewhere.example/x', 'models[0].golden.file must be a relative path'],
  ])('names the field: %s = %j', (path, value, message) => {
    const error = failure((manifest) => setField(manifest, path, value));
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
