/** Times another network and ours in turn on the same picture, and draws what each makes of a face. */
import { loadStylePack } from '../../../sdk/assets/style-pack';
import { processFrame } from '../../../sdk/engine/pipeline';
import { loadStages } from '../../../sdk/engine/stage-set';
import { StageTimer } from '../../../sdk/engine/stage-timer';
import { wasmThreads } from '../../../sdk/generate/ort-runtime';
import { resolveOptions } from '../../../sdk/options';
import { FrameLedger } from '../../../sdk/source/frame';
import type { Frame } from '../../../sdk/types';
import { openBareStudent, type BareStudent } from './bare-student';
import { openPeer } from './peer';
import { drawSheet, type Column } from './peer-sheet';
import { timed, timesOf, type Times } from './samples';

/** Rounds that only warm up. */
const WARM_UP_ROUNDS = 2;
const QUALITIES = ['standard', 'lite'] as const;

/** What to measure. */
export interface PeerPlan {
  readonly assetBase: string;
  readonly styles: readonly string[];
  readonly peerUrl: string;
  /** Portraits; the first one is timed on. */
  readonly pictureUrls: readonly string[];
  readonly rounds: number;
  /** Whether to draw all portraits by all networks. */
  readonly draws: boolean;
}

/** One of our networks beside the other. */
export interface OwnTimes {
  readonly modelId: string;
  readonly gmacs: number;
  readonly times: Times;
  /** How many times faster than the other, by the medians. */
  readonly ratio: number;
}

/** What was measured. */
export interface PeerSpeed {
  readonly threads: number;
  readonly inputShape: readonly number[];
  readonly other: Times;
  readonly ours: readonly OwnTimes[];
  /** The portraits by each network as a PNG in base64, if they were to be drawn. */
  readonly sheet: string | null;
}

/** One of our networks, and what it makes of the portraits. */
interface Own {
  readonly student: BareStudent;
  readonly column: Column;
}

/** Opens one network on the first portrait; its whole line draws them all, if that is wanted, and is closed again. */
async function openOwn({ assetBase, draws, pictureUrls }: PeerPlan, style: string, quality: 'standard' | 'lite', frames: readonly Frame[]): Promise<Own> {
  const { settings } = resolveOptions({ style, backend: 'wasm', quality }, assetBase);
  const ignore = (): void => undefined;
  const stages = await loadStages({ assetBase, settings, mode: 'still', canvas: new OffscreenCanvas(1, 1), signal: new AbortController().signal, onProgress: ignore, onWarning: ignore });
  const { modelId } = stages.facts;
  const [face] = stages.track(frames[0]!);
  if (face === undefined) throw new Error(`No face was found in ${pictureUrls[0]}; the benchmark needs one.`);
  const student = await openBareStudent({ assetBase, style, modelId, gpu: null }, frames[0]!, stages.crop(face, frames[0]!));
  const drawn: ImageBitmap[] = [];
  for (const [i, frame] of draws ? frames.entries() : []) {
    if ((await processFrame(frame, stages, new StageTimer(), true)).faces === 0) throw new Error(`No face was found in ${pictureUrls[i]}.`);
    drawn.push(await createImageBitmap(stages.canvas));
  }
  await stages.close();
  return { student, column: { name: modelId, draw: (i) => Promise.resolve(drawn[i]!) } };
}

/** @throws Error when something cannot be loaded, or a portrait shows no face */
export async function measurePeer(plan: PeerPlan): Promise<PeerSpeed> {
  const ledger = new FrameLedger();
  const pictures = await Promise.all(plan.pictureUrls.map(async (url) => createImageBitmap(await (await fetch(url)).blob())));
  const frames = pictures.map((picture, i) => ledger.take(picture, i));
  const own: Own[] = [];
  for (const style of plan.styles) {
    const { models } = await loadStylePack(plan.assetBase, style);
    for (const quality of QUALITIES.filter((size) => models[size] !== undefined)) own.push(await openOwn(plan, style, quality, frames));
  }
  const students = own.map(({ student }) => student);
  const { planes, entry } = students[0]!;
  const peer = await openPeer(plan.peerUrl, null, planes, entry.sizePx);

  const samples = { other: [] as number[], ours: students.map((): number[] => []) };
  for (let round = 0; round < plan.rounds + WARM_UP_ROUNDS; round += 1) {
    const turns = [[samples.other, () => peer.run()] as const, ...students.map((student, i) => [samples.ours[i]!, () => student.run()] as const)];
    if (round % 2 === 1) turns.reverse();
    for (const [series, work] of turns) {
      const ms = await timed(work);
      if (round >= WARM_UP_ROUNDS) series.push(ms);
    }
  }
  const other = timesOf(samples.other);
  const ours = students.map((student, i): OwnTimes => {
    const times = timesOf(samples.ours[i]!);
    return { modelId: student.entry.id, gmacs: student.entry.gmacs, times, ratio: other.p50 / times.p50 };
  });

  let sheet: string | null = null;
  if (plan.draws) {
    const columns: Column[] = [{ name: 'photo', draw: (i) => Promise.resolve(pictures[i]!) }, { name: 'the other network', draw: (i) => peer.draw(pictures[i]!) }, ...own.map(({ column }) => column)];
    sheet = await drawSheet(columns, pictures.length);
  }
  const result = { threads: wasmThreads(), inputShape: peer.inputShape, other, ours, sheet };
  await peer.close();
  for (const student of students) await student.close();
  for (const frame of frames) frame.close();
  return result;
}
