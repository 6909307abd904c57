import { zipSync } from 'fflate';
import { describe, expect, it } from 'vitest';
import { detectorOf, hasBlendshapes } from '../../../sdk/track/face-bundle';

const detector = new Uint8Array([5, 6, 7, 8]);
const bytes = (length: number): Uint8Array => new Uint8Array(length).fill(1);

describe('reading a face landmarker bundle', () => {
  it('finds the detector between other files', () => {
    const bundle = zipSync(
      { 'face_landmarks_detector.tflite': bytes(900), 'face_detector.tflite': detector, 'x.binarypb': bytes(3) },
      { level: 0 },
    );
    expect(detectorOf(bundle)).toEqual(detector);
    expect(hasBlendshapes(bundle)).toBe(false);
  });

  it('sees whether there are blendshapes', () => {
    const bundle = zipSync({ 'face_detector.tflite': detector, 'face_blendshapes.tflite': bytes(9) }, { level: 0 });
    expect(hasBlendshapes(bundle)).toBe(true);
  });

  it('works on bytes that lie inside a larger buffer', () => {
    const bundle = zipSync({ 'face_detector.tflite': detector }, { level: 0 });
    const larger = new Uint8Array(bundle.length + 10);
    larger.set(bundle, 7);
    expect(detectorOf(larger.subarray(7, 7 + bundle.length))).toEqual(detector);
  });

  it('gives nothing for a compressed detector, or for what is no archive', () => {
    expect(detectorOf(zipSync({ 'face_detector.tflite': bytes(5000) }, { level: 9 }))).toBeUndefined();
    for (const other of [new Uint8Array(), bytes(10), bytes(5000)]) {
      expect(detectorOf(other)).toBeUndefined();
      expect(hasBlendshapes(other)).toBe(false);
    }
  });
});
