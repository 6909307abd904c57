/** A point or vector: x to the right, y down, z away from the camera. */
export type Point = readonly [number, number, number];
/** Row-major 3×3. */
export type Matrix3 = readonly [Point, Point, Point];

/** Where a face's points are and how its head is turned. */
export interface FaceGeometry {
  /** The 478 points in frame pixels. */
  readonly points: readonly Point[];
  /** Rotation of the head (x right, y up, z to the camera). */
  readonly rotation: Matrix3;
}

/**
 * Puts a tracked face into frame pixels.
 * @param landmarks As in `Face.landmarks`.
 * @param matrix As in `Face.matrix`.
 * @param widthPx Frame width.
 * @param heightPx Frame height.
 */
export function readGeometry(landmarks: Float32Array, matrix: Float32Array, widthPx: number, heightPx: number): FaceGeometry {
  const points: Point[] = [];
  for (let i = 0; i + 2 < landmarks.length; i += 3) points.push([landmarks[i]! * widthPx, landmarks[i + 1]! * heightPx, landmarks[i + 2]! * widthPx]);
  return { points, rotation: rotationOf(matrix) };
}

/** The rotation in a column-major 4×4 matrix of rotation, scale and shift. */
function rotationOf(matrix: Float32Array): Matrix3 {
  const at = (row: number, column: number): number => matrix[4 * column + row]!;
  const rows = [0, 1, 2].map((row) => [at(row, 0), at(row, 1), at(row, 2)] as const);
  const [a, b, c] = rows as unknown as Matrix3;
  const determinant = a[0] * (b[1] * c[2] - b[2] * c[1]) - a[1] * (b[0] * c[2] - b[2] * c[0]) + a[2] * (b[0] * c[1] - b[1] * c[0]);
  const scale = Math.cbrt(determinant);
  return rows.map((row) => row.map((value) => value / scale)) as unknown as Matrix3;
}
