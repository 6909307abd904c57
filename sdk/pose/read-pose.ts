import type { Face } from '../types';
import { Blendshapes } from './blendshapes';
import { estimateBlendshapes } from './estimate-blendshapes';
import { readExpression } from './expression';
import { readGeometry } from './face-geometry';
import { frontalPoints, readHeadPose, type HeadPose } from './head-pose';
import { poseVector } from './pose-vector';

/** What the tracker knows of a face beside its place: how the head stands, and the student's `pose` input. */
export interface ReadPose {
  readonly head: HeadPose;
  /** `[66]`: see {@link poseVector}. */
  readonly pose: Float32Array;
}

/**
 * Reads head and expression of a tracked face. A face model without blendshapes has no irises either: smile, lips and
 * brows are then told from the points, and the eyes look ahead.
 * @param face The face.
 * @param matrix {@link Face.matrix}.
 * @param widthPx Frame width.
 * @param heightPx Frame height.
 */
export function readPose(face: Pick<Face, 'landmarks' | 'blendshapes'>, matrix: Float32Array, widthPx: number, heightPx: number): ReadPose {
  const { landmarks, blendshapes } = face;
  const geometry = readGeometry(landmarks, matrix, widthPx, heightPx);
  const head = readHeadPose(geometry);
  const points = frontalPoints(geometry);
  const isWhole = blendshapes.size > 0;
  const shapes = new Blendshapes(isWhole ? blendshapes : estimateBlendshapes(points, head.eyeDistance));
  return { head, pose: poseVector(head, readExpression(points, shapes, head, isWhole)) };
}
