/** Measures the line and its bare parts in turn on the same frames: A B C, C B A, A B C … */
import { processFrame } from '../../../sdk/engine/pipeline';
import { loadStages, type StageSet } from '../../../sdk/engine/stage-set';
import { StageTimer } from '../../../sdk/engine/stage-timer';
import { requestGpu } from '../../../sdk/generate/gpu-device';
import { wasmThreads } from '../../../sdk/generate/ort-runtime';
import { createStyleInputs } from '../../../sdk/generate/style-inputs';
import { resolveOptions } from '../../../sdk/options';
import { FrameLedger } from '../../../sdk/source/frame';
import { hasBlendshapes, hasGeometry } from '../../../sdk/track/face-bundle';
import { loadMediaPipe } from '../../../sdk/track/mediapipe';
import type { Backend, FaceCrop, Frame, StageName } from '../../../sdk/types';
import { openBareStudent } from './bare-student';
import { decodeFrames } from './clip-frames';
import { timed, timesOf, type Times } from './samples';

/** Rounds that only warm up. */
const WARM_UP_FRAMES = 8;
/** Rounds that are measured even when they take longer than the plan allows. */
const LEAST_FRAMES = 10;

/** What to measure. */
export interface BenchPlan {
  readonly assetBase: string;
  readonly clipUrl: string;
  readonly backend: Backend;
  readonly style: string;
  readonly quality: 'standard' | 'lite';
  readonly frames: number;
  /** Seconds after which no further round is begun. */
  readonly limitS: number;
}

/** What was measured. */
export interface BenchResult {
  readonly modelId: string;
  readonly gmacs: number;
  readonly threads: number;
  /** The graphics adapter, or `WebAssembly`. */
  readonly device: string;
  readonly facesSeen: number;
  readonly landmarker: Times;
  readonly network: Times;
  /** Frame in, canvas drawn: when the engine takes the next frame. The graphics process may still be drawing. */
  readonly line: Times;
  /** The same frames, with the drawing waited for, which no page does. */
  readonly drawn: Times;
  /** `line` over `landmarker` + `network`, medians of the same run. */
  readonly lineRatio: number;
  /** `drawn` over `landmarker` + `network`. */
  readonly drawnRatio: number;
  readonly stages: Readonly<Record<StageName, { readonly p50: number; readonly p95: number } | null>>;
}

/** MediaPipe's landmarker alone, with the settings the library gives it for one face. */
async function openBareLandmarker({ assetBase }: BenchPlan, stages: StageSet) {
  const response = await fetch(`${assetBase}models/face_landmarker.task`);
  const bundle = new Uint8Array(await response.arrayBuffer());
  const mediaPipe = await loadMediaPipe(`${assetBase}mediapipe`);
  return mediaPipe.createLandmarker(bundle, { delegate: stages.facts.trackDelegate, mode: 'video', numFaces: 1, blendshapes: hasBlendshapes(bundle), matrices: hasGeometry(bundle) });
}

/** Reading a pixel back waits for all drawing before it. */
function waitForDrawing(stages: StageSet): void {
  const gl = stages.canvas.getContext('webgl2') as WebGL2RenderingContext;
  gl.readPixels(0, 0, 1, 1, gl.RGBA, gl.UNSIGNED_BYTE, new Uint8Array(4));
}

function firstCrop(stages: StageSet, frames: readonly Frame[]): { frame: Frame; crop: FaceCrop } {
  for (const frame of frames) {
    const [face] = stages.track(frame);
    if (face !== undefined) return { frame, crop: stages.crop(face, frame) };
  }
  throw new Error('No face was found in the clip; the benchmark needs one.');
}

/**
 * Measures one network on one backend.
 * @throws Error when something cannot be loaded, or the clip shows no face
 */
export async function measure(plan: BenchPlan): Promise<BenchResult> {
  const ledger = new FrameLedger();
  const pictures = await decodeFrames(plan.clipUrl, plan.frames + WARM_UP_FRAMES);
  const frames = pictures.map((picture) => ledger.take(picture, picture.timestamp));
  const { settings } = resolveOptions({ style: plan.style, backend: plan.backend, quality: plan.quality }, plan.assetBase);
  const stages = await loadStages({
    assetBase: plan.assetBase,
    settings,
    mode: 'video',
    canvas: new OffscreenCanvas(1, 1),
    signal: new AbortController().signal,
    onProgress: () => undefined,
    onWarning: (warning) => console.warn(warning.message),
  });
  const { backend, modelId } = stages.facts;
  if (backend !== plan.backend) throw new Error(`The network runs on ${backend} instead of ${plan.backend}.`);
  const gpu = backend === 'webgpu' ? await requestGpu() : null;
  const { frame, crop } = firstCrop(stages, frames);
  stages.reset();
  const { style, assetBase } = plan;
  const network = await openBareStudent({ assetBase, style, modelId, gpu }, frame, crop);
  const styleInputs = createStyleInputs(gpu?.device ?? null);
  const ofStyle = styleInputs.of(network.code);
  const landmarker = await openBareLandmarker(plan, stages);
  const samples = { landmarker: [] as number[], network: [] as number[], line: [] as number[], drawn: [] as number[] };
  let timer = new StageTimer();
  let facesSeen = 0;
  let lineMs = 0;
  const measureLine = async (current: Frame): Promise<void> => {
    lineMs = await timed(async () => {
      facesSeen += (await processFrame(current, stages, timer, true)).faces;
    });
    waitForDrawing(stages);
  };
  const endMs = performance.now() + plan.limitS * 1000;
  for (const [i, current] of frames.entries()) {
    if (i >= WARM_UP_FRAMES + LEAST_FRAMES && performance.now() > endMs) break;
    const turns: (readonly [keyof typeof samples, () => unknown])[] = [
      ['landmarker', () => landmarker.task.detectForVideo(current.image, current.timestampUs / 1000 + 1)],
      ['network', () => network.run(ofStyle)],
      ['drawn', () => measureLine(current)],
    ];
    if (i % 2 === 1) turns.reverse();
    if (i === WARM_UP_FRAMES) {
      timer = new StageTimer();
      facesSeen = 0;
    }
    for (const [name, work] of turns) {
      const ms = await timed(work);
      if (i < WARM_UP_FRAMES) continue;
      samples[name].push(ms);
      if (name === 'drawn') samples.line.push(lineMs);
    }
  }

  const bareMs = timesOf(samples.landmarker).p50 + timesOf(samples.network).p50;
  const result: BenchResult = {
    modelId,
    gmacs: network.entry.gmacs,
    threads: backend === 'wasm' ? wasmThreads() : 0,
    device: gpu ? `${gpu.adapterName}${gpu.isSoftware ? ' (computed on the processor)' : ''}` : 'WebAssembly',
    facesSeen,
    landmarker: timesOf(samples.landmarker),
    network: timesOf(samples.network),
    line: timesOf(samples.line),
    drawn: timesOf(samples.drawn),
    lineRatio: timesOf(samples.line).p50 / bareMs,
    drawnRatio: timesOf(samples.drawn).p50 / bareMs,
    stages: timer.stageMs(),
  };
  await network.close();
  styleInputs.clear();
  landmarker.close();
  await stages.close();
  gpu?.device.destroy();
  for (const each of frames) each.close();
  return result;
}
