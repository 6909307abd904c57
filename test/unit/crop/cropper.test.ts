import { describe, expect, it } from 'vitest';
import { createCropper } from '../../../sdk/crop/cropper';
import {
  LEFT_EYE_POINTS,
  MOUTH_CORNER_POINTS,
  RIGHT_EYE_POINTS,
} from '../../../sdk/crop/ffhq-align';
import { FilterError } from '../../../sdk/errors';
import type { Affine, Face } from '../../../sdk/types';
import { poseFixture } from '../../helpers/pose-fixture';

/** Place of the left brow's rise in the pose vector. */
const BROW_RISE = 22;
const WIDTH_PX = 640;
const HEIGHT_PX = 480;
const FRAME_US = 33_333;
/** Eyes 60 px apart, mouth 60 px below: the square's side is 4 × 60 px. */
const SIDE_PX = 240;

interface Pose {
  xPx: number;
  yPx: number;
  scale?: number;
  rollRad?: number;
}

/** A face made of three points, each eye and mouth corner being one of them. */
function faceAt({ xPx, yPx, scale = 1, rollRad = 0 }: Pose, id = 1): Face {
  const landmarks = new Float32Array(478 * 3);
  const put = (indices: readonly number[], dx: number, dy: number): void => {
    const x = xPx + scale * (dx * Math.cos(rollRad) - dy * Math.sin(rollRad));
    const y = yPx + scale * (dx * Math.sin(rollRad) + dy * Math.cos(rollRad));
    for (const index of indices) landmarks.set([x / WIDTH_PX, y / HEIGHT_PX], index * 3);
  };
  put(LEFT_EYE_POINTS, -30, 0);
  put(RIGHT_EYE_POINTS, 30, 0);
  put([MOUTH_CORNER_POINTS[0]], -20, 60);
  put([MOUTH_CORNER_POINTS[1]], 20, 60);
  return { id, landmarks, blendshapes: new Map() };
}

const frameAt = (index: number) => ({
  timestampUs: index * FRAME_US,
  widthPx: WIDTH_PX,
  heightPx: HEIGHT_PX,
});
const sideOf = ([a, b]: Affine): number => 1 / Math.hypot(a, b);
const rollOf = ([a, b]: Affine): number => Math.atan2(b, a);
/** Where the crop's middle lies in the frame. */
function middleOf([a, b, c, d, e, f]: Affine): [number, number] {
  const det = a * e - b * d;
  const [u, v] = [0.5 - c, 0.5 - f];
  return [(e * u - b * v) / det, (a * v - d * u) / det];
}
/** Repeatable noise of standard deviation 1. */
function noise(seed: number): () => number {
  let state = seed;
  const uniform = (): number => (state = (state * 16807) % 2147483647) / 2147483647;
  return () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
}
const spread = (values: number[]): number => {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length);
};

describe('the cropper', () => {
  it('takes the first frame as it is', () => {
    const smooth = createCropper().crop(faceAt({ xPx: 300, yPx: 200 }), frameAt(0));
    const plain = createCropper({ smoothing: false }).crop(faceAt({ xPx: 300, yPx: 200 }), frameAt(0));
    smooth.cropFromFrame.forEach((value, i) => expect(value).toBeCloseTo(plain.cropFromFrame[i]!, 9));
  });

  it('removes most of the jitter of a face that rests', () => {
    const cropper = createCropper();
    const random = noise(7);
    const raw = { x: [] as number[], side: [] as number[], roll: [] as number[] };
    const smooth = { x: [] as number[], side: [] as number[], roll: [] as number[] };
    for (let i = 0; i < 300; i++) {
      const pose = {
        xPx: 300 + 0.0005 * SIDE_PX * random(),
        yPx: 200,
        scale: Math.exp(0.002 * random()),
        rollRad: 0.0015 * random(),
      };
      const { cropFromFrame } = cropper.crop(faceAt(pose), frameAt(i));
      if (i < 60) continue;
      raw.x.push(pose.xPx);
      raw.side.push(pose.scale);
      raw.roll.push(pose.rollRad);
      smooth.x.push(middleOf(cropFromFrame)[0]);
      smooth.side.push(sideOf(cropFromFrame) / SIDE_PX);
      smooth.roll.push(rollOf(cropFromFrame));
    }
    expect(spread(smooth.x)).toBeLessThan(0.4 * spread(raw.x));
    expect(spread(smooth.side)).toBeLessThan(0.4 * spread(raw.side));
    expect(spread(smooth.roll)).toBeLessThan(0.4 * spread(raw.roll));
  });

  it('stays within 2 % of the side of a face that moves fast', () => {
    const cropper = createCropper();
    for (let i = 0; i < 40; i++) {
      // Half a side a second.
      const xPx = 200 + 0.5 * SIDE_PX * i * (FRAME_US / 1e6);
      const { cropFromFrame } = cropper.crop(faceAt({ xPx, yPx: 200 }), frameAt(i));
      if (i >= 5) expect(Math.abs(middleOf(cropFromFrame)[0] - xPx)).toBeLessThan(0.02 * SIDE_PX);
    }
  });

  it('follows a roll through the half turn without spinning back', () => {
    const cropper = createCropper();
    for (let i = 0; i <= 60; i++) {
      const rollRad = Math.PI - 0.3 + 0.01 * i;
      const { cropFromFrame } = cropper.crop(faceAt({ xPx: 300, yPx: 200, rollRad }), frameAt(i));
      const error = Math.atan2(
        Math.sin(rollOf(cropFromFrame) - rollRad),
        Math.cos(rollOf(cropFromFrame) - rollRad),
      );
      expect(Math.abs(error)).toBeLessThan(0.05);
    }
  });

  it.each([
    ['a cut', 1, 300 + 0.9 * SIDE_PX],
    ['a gap of a second', 30, 330],
    ['time that goes back', -10, 330],
  ])('starts afresh after %s', (_, frame, xPx) => {
    const cropper = createCropper();
    for (let i = -60; i <= 0; i++) cropper.crop(faceAt({ xPx: 300, yPx: 200 }), frameAt(i));
    const { cropFromFrame } = cropper.crop(faceAt({ xPx, yPx: 200 }), frameAt(frame));
    expect(middleOf(cropFromFrame)[0]).toBeCloseTo(xPx, 3);
  });

  it('smooths each face by itself and forgets one on demand', () => {
    const cropper = createCropper();
    const at = (id: number, xPx: number, i: number) =>
      middleOf(cropper.crop(faceAt({ xPx, yPx: 200 }, id), frameAt(i)).cropFromFrame)[0];
    at(1, 100, 0);
    at(2, 500, 0);
    expect(at(1, 110, 1)).toBeLessThan(109);
    expect(at(2, 500, 1)).toBeCloseTo(500, 3);
    cropper.reset(1);
    expect(at(1, 120, 2)).toBeCloseTo(120, 3);
    expect(at(2, 510, 2)).toBeLessThan(509);
  });

  it('gives the points in crop units, by the smoothed transform', () => {
    const cropper = createCropper();
    cropper.crop(faceAt({ xPx: 300, yPx: 200 }), frameAt(0));
    const face = faceAt({ xPx: 310, yPx: 205, rollRad: 0.1 });
    const { cropFromFrame, landmarksCrop } = cropper.crop(face, frameAt(1));
    const [a, b, c, d, e, f] = cropFromFrame;
    const x = face.landmarks[33 * 3]! * WIDTH_PX;
    const y = face.landmarks[33 * 3 + 1]! * HEIGHT_PX;
    expect(landmarksCrop).toHaveLength(478 * 2);
    expect(landmarksCrop[66]).toBeCloseTo(a * x + b * y + c, 5);
    expect(landmarksCrop[67]).toBeCloseTo(d * x + e * y + f, 5);
  });

  it('refuses points that give no square, and works on', () => {
    const cropper = createCropper();
    const broken: Face = { id: 1, landmarks: new Float32Array(478 * 3).fill(NaN), blendshapes: new Map() };
    expect(() => cropper.crop(broken, frameAt(0))).toThrow(FilterError);
    expect(() => cropper.crop(broken, frameAt(0))).toThrow(/face 1/);
    const { cropFromFrame } = cropper.crop(faceAt({ xPx: 300, yPx: 200 }), frameAt(1));
    expect(middleOf(cropFromFrame)[0]).toBeCloseTo(300, 3);
  });

  describe('by the eyes', () => {
    const EYES = { convention: 'eyes', eyeDistance: 0.22, eyeMiddle: [0.5, 0.48] } as const;
    const [known] = poseFixture().faces;
    const frameOf = (index: number) => ({ ...frameAt(index), widthPx: known.widthPx, heightPx: known.heightPx });
    /** A real face whose inner brows are raised by so much. */
    function realFace(raised = 0): Face {
      const landmarks = new Float32Array(478 * 3);
      for (const [index, point] of Object.entries(known.points)) landmarks.set(point, 3 * Number(index));
      const blendshapes = new Map(Object.entries(known.blendshapes)).set('browInnerUp', raised);
      return { id: 1, landmarks, blendshapes, matrix: Float32Array.from(known.matrix) };
    }

    it('cuts where the model was trained to look, and tells the pose', () => {
      const { cropFromFrame, pose } = createCropper({ smoothing: false, convention: EYES }).crop(realFace(), frameOf(0));
      cropFromFrame.forEach((value, i) => expect(value).toBeCloseTo(known.cropFromFrame[i]!, 5));
      expect(pose).toHaveLength(66);
    });

    it('changes to it and back with the model', () => {
      const cropper = createCropper();
      cropper.setConvention(EYES);
      expect(cropper.crop(realFace(), frameOf(0)).pose).toBeDefined();
      cropper.setConvention({ convention: 'ffhq', scale: 1 });
      const { cropFromFrame, pose } = cropper.crop(faceAt({ xPx: 300, yPx: 200 }), frameAt(1));
      expect(pose).toBeUndefined();
      expect(middleOf(cropFromFrame)[0]).toBeCloseTo(300, 3);
    });

    it('smooths the pose, and starts afresh after a gap', () => {
      const cropper = createCropper({ convention: EYES });
      const riseAt = (raised: number, frame: number): number => cropper.crop(realFace(raised), frameOf(frame)).pose![BROW_RISE]!;
      const rest = riseAt(0, 0);
      const change = riseAt(0.1, 1) - rest;
      expect(riseAt(0.1, 100) - rest).toBeCloseTo(-0.07, 4);
      expect(Math.abs(change)).toBeLessThan(0.06);
      expect(Math.abs(change)).toBeGreaterThan(0);
    });

    it('refuses points that give no pose, and works on', () => {
      const cropper = createCropper({ convention: EYES });
      const flat: Face = { ...realFace(), landmarks: faceAt({ xPx: 300, yPx: 200 }).landmarks };
      expect(() => cropper.crop(flat, frameOf(0))).toThrow(/points of face 1/);
      expect(cropper.crop(realFace(), frameOf(1)).pose!.every(Number.isFinite)).toBe(true);
    });

    it('says what is missing where the face model tells no pose', () => {
      const cropper = createCropper({ convention: EYES });
      expect(() => cropper.crop(faceAt({ xPx: 300, yPx: 200 }), frameAt(0))).toThrow(/needs the pose of heads.*face_landmarker\.task/);
    });
  });
});
