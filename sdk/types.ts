/**
 * The values that travel down the line, in the order they appear:
 * `Frame → Face[] → FaceCrop → StyledCrop → picture`. All are immutable for their readers.
 */

/** Milliseconds spent in each stage for one frame, and the stages' names everywhere (statistics, errors). */
export type StageName = 'track' | 'crop' | 'generate' | 'smooth' | 'composite';

/** One picture of the source. Whoever takes a frame out of the source closes it exactly once. */
export interface Frame {
  /** Pixels, upright. A `VideoFrame` where the browser has them, else an `ImageBitmap`. */
  readonly image: VideoFrame | ImageBitmap;
  /** Capture time in microseconds; grows from frame to frame. */
  readonly timestampUs: number;
  /** Displayed width in pixels, > 0. */
  readonly widthPx: number;
  /** Displayed height in pixels, > 0. */
  readonly heightPx: number;
  /** Releases the pixels. Idempotent. */
  close(): void;
}

/** Row-major 2×3 affine matrix `[m00, m01, m02, m10, m11, m12]`: `x' = m00·x + m01·y + m02`, `y' = m10·x + m11·y + m12`. */
export type Affine = readonly [number, number, number, number, number, number];

/** One tracked face in one frame. */
export interface Face {
  /** Stays the same while the same face is followed. */
  readonly id: number;
  /** MediaPipe's 478 points, `[x0, y0, z0, x1, …]`; x and y in frame widths and heights (0…1), z in frame widths. */
  readonly landmarks: Float32Array;
  /** Expression coefficients 0…1 by name (`jawOpen`, `eyeBlinkLeft`, …); empty where the face model gives none. */
  readonly blendshapes: ReadonlyMap<string, number>;
  /** Pose of the head as a column-major 4×4 matrix (x right, y up, z to the camera); missing where the face model gives none. */
  readonly matrix?: Float32Array | undefined;
}

/** Where a face is cut out of its frame: a square aligned as the model wants it, the twin of `distill`'s. */
export interface FaceCrop {
  /** {@link Face.id}. */
  readonly faceId: number;
  /** Frame pixels → crop units, where the crop is the square [0, 1]². Smoothed over time. */
  readonly cropFromFrame: Affine;
  /** The student's `pose` input, `[P]`: turn of the head and expression; only where the model asks for it. */
  readonly pose?: Float32Array | undefined;
  /** The face's points in crop units, `[x0, y0, x1, y1, …]`, taken through {@link cropFromFrame} unsmoothed otherwise. */
  readonly landmarksCrop: Float32Array;
}

/** One stylised crop as the student returned it. */
export interface StyledCrop {
  /** The crop it was made from. */
  readonly crop: FaceCrop;
  /** Edge length in pixels. */
  readonly sizePx: number;
  /** `sizePx² × 4` bytes: styled RGB (straight, not premultiplied) and the matte as alpha. */
  readonly rgba: Uint8ClampedArray<ArrayBuffer>;
  /** Capture time of the frame in microseconds. */
  readonly timestampUs: number;
}

/** A stylised crop on the GPU after temporal filtering; the texture belongs to the temporal filter and lives until its next turn. */
export interface SmoothedCrop {
  readonly crop: FaceCrop;
  /** `sizePx²` RGBA8 texture of the compositor's WebGL2 context: straight RGB and matte. */
  readonly texture: WebGLTexture;
  readonly sizePx: number;
  /** 0…1: how much of the styled face shows (fades in and out as a face comes and goes). */
  readonly opacity: number;
  /** Part of the crop that holds the matte, `[left, top, right, bottom]` in crop units; only it is drawn. Default: the whole crop. */
  readonly bounds?: readonly [number, number, number, number];
}

/** What everything the style decides comes down to for one network: computed once per style change, then constant. */
export interface StyleCode {
  /** Model the code was made for. */
  readonly modelId: string;
  /** The style head's outputs by name: the student's inputs that stay as they are until the style changes (`modulation` `[1, D]`, canvases). */
  readonly inputs: Readonly<Record<string, NumberArray>>;
}

/** Numbers with their shape, row-major. */
export interface NumberArray {
  readonly data: Float32Array;
  readonly shape: readonly number[];
}

/** Which execution provider runs the student. */
export type Backend = 'webgpu' | 'wasm';
