import { describe, expect, it } from 'vitest';
import { eyesSquare } from '../../../sdk/crop/eyes-align';
import { cropFromFrameOf } from '../../../sdk/crop/ffhq-align';
import { readPose } from '../../../sdk/pose/read-pose';
import { poseFixture, type PoseFace } from '../../helpers/pose-fixture';

const { names, faces } = poseFixture();

function read({ points, blendshapes, matrix, widthPx, heightPx }: PoseFace) {
  const landmarks = new Float32Array(3 * 478).fill(NaN);
  for (const [index, point] of Object.entries(points)) landmarks.set(point, 3 * Number(index));
  return readPose({ landmarks, blendshapes: new Map(Object.entries(blendshapes)) }, Float32Array.from(matrix), widthPx, heightPx);
}

describe('the pose vector', () => {
  it.each(faces)('of $name is what training was given', (face) => {
    const { pose } = face;
    const { pose: actual } = read(face);
    expect(actual).toHaveLength(names.length);
    const off = names.map((name, i) => ({ name, by: Math.abs(actual[i]! - pose[i]!) })).filter(({ by }) => !(by <= 1e-4));
    expect(off).toEqual([]);
  });

  it('without blendshapes still tells a smile, and looks ahead', () => {
    const smiles = faces.map((face) => {
      const { pose } = read({ ...face, blendshapes: {} });
      expect(pose[names.indexOf('gazeY')]).toBeLessThan(1);
      return { told: pose[names.indexOf('happy')]!, known: face.pose[names.indexOf('happy')]! };
    });
    const wrong = smiles.filter(({ told, known }) => Math.abs(told - known) > 0.5);
    expect(wrong).toEqual([]);
  });
});

describe('the crop by the eyes', () => {
  it.each(faces)('of $name is what training was given', (face) => {
    const crop = cropFromFrameOf(eyesSquare(read(face).head, { convention: 'eyes', eyeDistance: 0.22, eyeMiddle: [0.5, 0.48] }));
    crop.forEach((value, i) => expect(value).toBeCloseTo(face.cropFromFrame[i]!, 5));
  });
});
