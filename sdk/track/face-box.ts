/** Bounding box of a face; both axes in frame heights, so that a square looks square. */
export interface FaceBox {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

/** Box around the points of the face itself (the first 468; irises, where a model has them, add nothing). */
export function boxOf(landmarks: Float32Array, aspect: number): FaceBox {
  let left = Infinity;
  let top = Infinity;
  let right = -Infinity;
  let bottom = -Infinity;
  const end = Math.min(landmarks.length, 468 * 3);
  for (let i = 0; i + 1 < end; i += 3) {
    const x = (landmarks[i] ?? 0) * aspect;
    const y = landmarks[i + 1] ?? 0;
    if (x < left) left = x;
    if (x > right) right = x;
    if (y < top) top = y;
    if (y > bottom) bottom = y;
  }
  return { left, top, right, bottom };
}

/** Linear size: the square root of the area, in frame heights. */
export function sizeOf(box: FaceBox): number {
  return Math.sqrt(Math.max(0, box.right - box.left) * Math.max(0, box.bottom - box.top));
}

/** Intersection over union, 0…1. */
export function iou(a: FaceBox, b: FaceBox): number {
  const width = Math.min(a.right, b.right) - Math.max(a.left, b.left);
  const height = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
  if (width <= 0 || height <= 0) return 0;
  const both = width * height;
  return both / (sizeOf(a) ** 2 + sizeOf(b) ** 2 - both);
}
