import { readFileSync } from 'node:fs';

/** Faces with what training was given of them: see `test/fixtures/README.md`. */
export interface PoseFixture {
  readonly names: readonly string[];
  readonly faces: readonly [PoseFace, ...PoseFace[]];
}

/** One face of the fixture. */
export interface PoseFace {
  readonly name: string;
  readonly widthPx: number;
  readonly heightPx: number;
  /** Landmarks by index; only those that the formulas use. */
  readonly points: Readonly<Record<string, readonly number[]>>;
  readonly blendshapes: Readonly<Record<string, number>>;
  readonly matrix: readonly number[];
  readonly pose: readonly number[];
  readonly cropFromFrame: readonly number[];
}

/** Reads `test/fixtures/pose.json`. */
export function poseFixture(): PoseFixture {
  return JSON.parse(readFileSync(new URL('../fixtures/pose.json', import.meta.url), 'utf8')) as PoseFixture;
}
