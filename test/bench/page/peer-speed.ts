/** Times another network and ours in turn on the same picture, and draws what each makes of a face. */
import { loadStylePack } from '../../../sdk/assets/style-pack';
import { processFrame } from '../../../sdk/engine/pipeline';
import { loadStages, type StageSet } from '../../../sdk/engine/stage-set';
import { StageTimer } from '../../../sdk/engine/stage-timer';
import { wasmThreads } from '../../../sdk/generate/ort-runtime';
import { resolveOptions } from '../../../sdk/options';
import { FrameLedger } from '../../../sdk/source/frame';
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

interface Opened {
  readonly stages: StageSet;
  readonly style: string;
}

/** The line of each network that the styles have, each once. */
async function openLines({ assetBase, styles }: PeerPlan): Promise<Opened[]> {
  const lines: Opened[] = [];
  const ignore = (): void => undefined;
  for (const style of styles) {
    const { models } = await loadStylePack(assetBase, style);
    for (const quality of QUALITIES.filter((size) => models[size] !== undefined)) {
      const { settings } = resolveOptions({ style, backend: 'wasm', quality }, assetBase);
      const stages = await loadStages({ assetBase, settings, mode: 'still', canvas: new OffscreenCanvas(1, 1), signal: new AbortController().signal, onProgress: ignore, onWarning: ignore });
      lines.push({ stages, style });
    }
  }
  return lines;
}

/** @throws Error when something cannot be loaded, or a portrait shows no face */
export async function measurePeer(plan: PeerPlan): Promise<PeerSpeed> {
  const ledger = new FrameLedger();
  const pictures = await Promise.all(plan.pictureUrls.map(async (url) => createImageBitmap(await (await fetch(url)).blob())));
  const frames = pictures.map((picture, i) => ledger.take(picture, i));
  const lines = await openLines(plan);
  const students: BareStudent[] = [];
  for (const { stages, style } of lines) {
    const [face] = stages.track(frames[0]!);
    if (face === undefined) throw new Error(`No face was found in ${plan.pictureUrls[0]}; the benchmark needs one.`);
    students.push(await openBareStudent({ assetBase: plan.assetBase, style, modelId: stages.facts.modelId, gpu: null }, frames[0]!, stages.crop(face, frames[0]!)));
  }
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
    const ownColumns = lines.map(
      ({ stages }): Column => ({
        name: stages.facts.modelId,
        draw: async (i) => {
          if ((await processFrame(frames[i]!, stages, new StageTimer(), true)).faces === 0) throw new Error(`No face was found in ${plan.pictureUrls[i]}.`);
          return stages.canvas;
        },
      }),
    );
    const columns: Column[] = [{ name: 'photo', draw: (i) => Promise.resolve(pictures[i]!) }, { name: 'the other network', draw: (i) => peer.draw(pictures[i]!) }, ...ownColumns];
    sheet = await drawSheet(columns, pictures.length);
  }
  const result = { threads: wasmThreads(), inputShape: peer.inputShape, other, ours, sheet };
  await peer.close();
  for (const student of students) await student.close();
  for (const { stages } of lines) await stages.close();
  for (const frame of frames) frame.close();
  return result;
}
