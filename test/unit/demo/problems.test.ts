import { describe, expect, it } from 'vitest';
import { wordsFor, wordsForCamera } from '../../../demo/page/problems';
import { FilterError } from '../../../sdk/errors';

describe('errors in words', () => {
  it.each([
    ['NotAllowedError', /refused\. Allow it/],
    ['NotFoundError', /No camera was found/],
    ['NotReadableError', /another program/],
    ['SecurityError', /https or localhost/],
  ])('explains %s of the camera', (name, words) => {
    expect(wordsForCamera(new DOMException('Permission denied', name))).toMatch(words);
  });

  it('says what to do about a damaged file, and which one it is', () => {
    const text = wordsFor(new FilterError('asset-corrupt', 'models/x.onnx has another hash.', { fatal: true }));
    expect(text).toMatch(/damaged.*Reload the page without the cache.*\(models\/x\.onnx has another hash\.\)/);
  });

  it('passes on the sentence of an error it has no words for', () => {
    expect(wordsFor(new FilterError('bad-option', 'options.opacity must be a number from 0 to 1, was 2.'))).toBe('options.opacity must be a number from 0 to 1, was 2.');
    expect(wordsFor('odd')).toBe('odd');
  });
});
