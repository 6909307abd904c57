/** Runs sequences through the line, once with and once without the temporal filter, and measures both. */
import { createCompositor, type Compositor } from '../../../sdk/composite/compositor';
import { loadStages, type StageSet } from '../../../sdk/engine/stage-set';
import { resolveOptions } from '../../../sdk/options';
import { fitSimilarity } from '../../../sdk/smooth/face-movement';
import { createTemporalFilter, type TemporalFilter } from '../../../sdk/smooth/temporal-filter';
import { FrameLedger } from '../../../sdk/source/frame';
import type { Face, Frame, StyledCrop } from '../../../sdk/types';
import { decodeFrames } from './clip-frames';
import { average, deviation, gradientEnergy, intersection, lagFrames, lumaOf, warpingError, type Luma } from './picture-measures';

const FRAME_US = 33_333;
/** Frames after which trackers and filters have settled. */
const SETTLED = 12;
/** Frames after which the crop of a resting face has come to rest as well: one second. */
const RESTED = 30;
/** Speed of the moved picture in pixels a frame. */
const SPEED_PX = 4;

/** What to measure. */
export interface TemporalPlan {
  readonly assetBase: string;
  readonly clipUrl: string;
  readonly style: string;
  readonly quality: 'standard' | 'lite';
  readonly frames: number;
  /** Standard deviation of the sensor noise, of 255. */
  readonly noiseSigma: number;
  readonly strengths: readonly number[];
  /** Models that were measured before and are left out. */
  readonly known: readonly string[];
}

/** Measures of one strength. Differences are of 255. */
export interface TemporalMeasures {
  readonly strength: number;
  /** Standard deviation over time of a resting, noisy face. */
  readonly deviation: number;
  /** Gradient energy of the resting face, its noise averaged away, over that of the unfiltered one. */
  readonly sharpness: number;
  /** Mean difference from frame to frame along the face's movement in the clip. */
  readonly warpingError: number;
  /** Frames behind the unfiltered picture: in the clip, and of a still picture that is moved. */
  readonly lagInClip: number;
  readonly lagInMotion: number;
}

/** What was measured. */
export interface TemporalResult {
  readonly modelId: string;
  readonly measures: readonly TemporalMeasures[];
  /** The input's own. */
  readonly input: { readonly deviation: number; readonly warpingError: number };
}

/** Results of one sequence: the input's luma, and for each strength what came out. */
interface Sequence {
  readonly input: Luma[];
  readonly faces: Face[];
  readonly outputs: { luma: Luma[]; masks: Uint8Array[] }[];
}

class Bench {
  readonly #ledger = new FrameLedger();
  readonly #compositor: Compositor = createCompositor({ canvas: new OffscreenCanvas(1, 1) });
  readonly #filters: TemporalFilter[];
  #timeUs = 0;

  constructor(
    private readonly stages: StageSet,
    strengths: readonly number[],
  ) {
    this.#filters = strengths.map((strength) => createTemporalFilter(this.#compositor.gl, { strength, fadeInMs: 0 }));
  }

  /** Takes over the pictures. */
  async run(pictures: AsyncIterable<VideoFrame>): Promise<Sequence> {
    this.stages.reset();
    for (const filter of this.#filters) filter.reset();
    // Far from what was before, so that trackers see a new source.
    this.#timeUs += 10_000_000;
    const sequence: Sequence = { input: [], faces: [], outputs: this.#filters.map(() => ({ luma: [], masks: [] })) };
    for await (const picture of pictures) {
      this.#timeUs += FRAME_US;
      const frame = this.#ledger.take(picture, this.#timeUs);
      try {
        await this.#step(frame, sequence);
      } finally {
        frame.close();
      }
    }
    return sequence;
  }

  close(): Promise<void> {
    for (const filter of this.#filters) filter.close();
    this.#compositor.close();
    return this.stages.close();
  }

  async #step(frame: Frame, { input, faces, outputs }: Sequence): Promise<void> {
    const [face] = this.stages.track(frame);
    if (face === undefined) return;
    const styled = await this.stages.generate(frame, this.stages.crop(face, frame));
    await this.#compositor.compose(frame, []);
    input.push(lumaOf(this.#read()).luma);
    faces.push({ ...face, landmarks: face.landmarks.slice() });
    for (const [k, filter] of this.#filters.entries()) {
      const { luma, mask } = await this.#draw(frame, styled, filter);
      outputs[k]!.luma.push(luma);
      outputs[k]!.masks.push(mask);
    }
  }

  async #draw(frame: Frame, styled: StyledCrop, filter: TemporalFilter): Promise<{ luma: Luma; mask: Uint8Array }> {
    await this.#compositor.compose(frame, [filter.apply(styled)], { background: 'transparent', feather: 0 });
    return lumaOf(this.#read());
  }

  #read(): Uint8Array {
    const { canvas, gl: context } = this.#compositor;
    const rgba = new Uint8Array(canvas.width * canvas.height * 4);
    context.gl.bindFramebuffer(context.gl.FRAMEBUFFER, null);
    context.gl.readPixels(0, 0, canvas.width, canvas.height, context.gl.RGBA, context.gl.UNSIGNED_BYTE, rgba);
    return flipRows(rgba, canvas.width * 4);
  }
}

function flipRows(rgba: Uint8Array, rowBytes: number): Uint8Array {
  const flipped = new Uint8Array(rgba.length);
  for (let at = 0; at < rgba.length; at += rowBytes) flipped.set(rgba.subarray(at, at + rowBytes), rgba.length - rowBytes - at);
  return flipped;
}

/** The same pseudo-random numbers in each run, normally distributed. */
function normal(): () => number {
  let state = 1;
  const uniform = (): number => {
    state = (state * 1664525 + 1013904223) % 4294967296;
    return (state + 1) / 4294967297;
  };
  return () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
}

async function* resting(still: VideoFrame, count: number, sigma: number): AsyncGenerator<VideoFrame> {
  const { displayWidth: codedWidth, displayHeight: codedHeight } = still;
  const base = new Uint8ClampedArray(codedWidth * codedHeight * 4);
  await still.copyTo(base, { format: 'RGBA' });
  const noise = normal();
  for (let n = 0; n < count; n += 1) {
    const noisy = base.map((value, i) => (i % 4 === 3 ? 255 : value + sigma * noise()));
    yield new VideoFrame(noisy, { format: 'RGBX', codedWidth, codedHeight, timestamp: n * FRAME_US });
  }
}

async function* moving(still: VideoFrame, count: number): AsyncGenerator<VideoFrame> {
  const canvas = new OffscreenCanvas(still.displayWidth, still.displayHeight);
  const context = canvas.getContext('2d', { alpha: false })!;
  for (let n = 0; n < count; n += 1) {
    // To and fro, at one speed.
    const x = SPEED_PX * (Math.abs((n % 24) - 12) - 6);
    context.drawImage(still, x, 0);
    yield new VideoFrame(canvas, { timestamp: n * FRAME_US });
  }
}

async function* each(frames: readonly VideoFrame[]): AsyncGenerator<VideoFrame> {
  for (const frame of frames) yield frame.clone();
}

/** Measures one network; null if it is one of the plan's `known` ones. @throws Error when something cannot be loaded or no face is seen. */
export async function measureTemporal(plan: TemporalPlan): Promise<TemporalResult | null> {
  const { settings } = resolveOptions({ style: plan.style, backend: 'wasm', quality: plan.quality }, plan.assetBase);
  const stages = await loadStages({
    assetBase: plan.assetBase,
    settings,
    mode: 'video',
    canvas: new OffscreenCanvas(1, 1),
    signal: new AbortController().signal,
    onProgress: () => undefined,
    onWarning: (warning) => console.warn(warning.message),
  });
  const { modelId } = stages.facts;
  if (plan.known.includes(modelId)) {
    await stages.close();
    return null;
  }
  const bench = new Bench(stages, [0, ...plan.strengths]);
  const clip = await decodeFrames(plan.clipUrl, plan.frames);
  const [still] = clip;
  try {
    const widthPx = still!.displayWidth;
    const rest = await bench.run(resting(still!, plan.frames + RESTED - SETTLED, plan.noiseSigma));
    const shifted = await bench.run(moving(still!, 2 * 24));
    const real = await bench.run(each(clip));
    if (rest.faces.length < RESTED + SETTLED || real.faces.length < 2 * SETTLED) throw new Error('Too few frames of the clip show a face.');
    const restMask = intersection(rest.outputs.flatMap(({ masks }) => masks.slice(RESTED)));
    // Of the mean picture, so that noise does not count as detail.
    const energy = rest.outputs.map(({ luma }) => gradientEnergy(average(luma.slice(RESTED)), restMask, widthPx));
    const errorOf = (pictures: readonly Luma[]): number => warpingErrorOf(pictures, real, widthPx, still!.displayHeight);
    const measures = [0, ...plan.strengths].map((strength, k) => ({
      strength,
      deviation: deviation(rest.outputs[k]!.luma.slice(RESTED), restMask),
      sharpness: energy[k]! / energy[0]!,
      warpingError: errorOf(real.outputs[k]!.luma),
      lagInClip: lagFrames(real.outputs[k]!.luma, real.outputs[0]!.luma, real.outputs[0]!.masks),
      lagInMotion: lagFrames(shifted.outputs[k]!.luma, shifted.outputs[0]!.luma, shifted.outputs[0]!.masks),
    }));
    return { modelId, measures, input: { deviation: deviation(rest.input.slice(RESTED), restMask), warpingError: errorOf(real.input) } };
  } finally {
    for (const frame of clip) frame.close();
    await bench.close();
  }
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function warpingErrorOf(pictures: readonly Luma[], { faces, outputs }: Sequence, widthPx: number, heightPx: number): number {
  const points = faces.map(({ landmarks }) => {
    const flat = new Float32Array((landmarks.length / 3) * 2);
    for (let i = 0; i < flat.length / 2; i += 1) flat.set([landmarks[3 * i]! * widthPx, landmarks[3 * i + 1]! * heightPx], 2 * i);
    return flat;
  });
  const masks = outputs[0]!.masks;
  const errors: number[] = [];
  for (let t = SETTLED; t < pictures.length; t += 1) {
    const { transform } = fitSimilarity(points[t]!, points[t - 1]!);
    errors.push(warpingError(pictures[t]!, pictures[t - 1]!, intersection([masks[t]!, masks[t - 1]!]), widthPx, transform));
  }
  return mean(errors);
}
