import type { Backend, StageName } from '../types';
import { SampleWindow, type Percentiles, type StageTimer } from './stage-timer';

/** What a running filter measures about itself. */
export interface FilterStats {
  /** Frames that went out since the filter was attached, styled or not. */
  readonly frames: number;
  /** Frames of them with at least one styled face. */
  readonly styledFrames: number;
  /** Frames overtaken by a newer one and never worked on. */
  readonly dropped: number;
  /** Frames in which a stage failed. */
  readonly failedFrames: number;
  /** Frames a second that went out lately. */
  readonly fps: number;
  /** Faces styled in the newest frame. */
  readonly faces: number;
  /** Milliseconds from a frame's arrival at the engine until its picture was out. */
  readonly lagMs: Percentiles | null;
  /** Milliseconds by stage; null where the stage has not run yet. */
  readonly stageMs: Readonly<Record<StageName, Percentiles | null>>;
  /** What the network runs on. */
  readonly backend: Backend;
  /** Model that draws. */
  readonly modelId: string;
  /** Where the face tracker's networks run. */
  readonly trackDelegate: 'cpu' | 'gpu';
  /** Width of the newest frame in pixels, 0 before the first. */
  readonly widthPx: number;
  /** Height of the newest frame in pixels, 0 before the first. */
  readonly heightPx: number;
  /** Frames that are held at the moment; 0 when nothing is in work. */
  readonly openFrames: number;
  /** How often the style head has run. */
  readonly styleHeadRuns: number;
}

/** How one frame went. */
export interface FrameOutcome {
  readonly faces: number;
  readonly failed: boolean;
  readonly widthPx: number;
  readonly heightPx: number;
  readonly lagMs: number;
}

/** What the stages tell about themselves. */
export type StageFacts = Pick<FilterStats, 'backend' | 'modelId' | 'trackDelegate' | 'styleHeadRuns'>;

/** Counts frames and sums them up as {@link FilterStats}. */
export class StatsCounter {
  readonly #lag = new SampleWindow();
  readonly #outTimesMs: number[] = [];
  #frames = 0;
  #styledFrames = 0;
  #dropped = 0;
  #failedFrames = 0;
  #last: Pick<FrameOutcome, 'faces' | 'widthPx' | 'heightPx'> = { faces: 0, widthPx: 0, heightPx: 0 };

  /**
   * Begins at zero.
   * @param now Clock in milliseconds.
   */
  constructor(private readonly now: () => number = () => performance.now()) {}

  /** Counts a frame that went out. */
  count(outcome: FrameOutcome): void {
    this.#frames += 1;
    if (outcome.faces > 0) this.#styledFrames += 1;
    if (outcome.failed) this.#failedFrames += 1;
    this.#last = outcome;
    this.#lag.add(outcome.lagMs);
    this.#outTimesMs.push(this.now());
    if (this.#outTimesMs.length > FPS_FRAMES) this.#outTimesMs.shift();
  }

  /** Counts frames that were never worked on. */
  drop(frames = 1): void {
    this.#dropped += frames;
  }

  /** The sum so far. */
  stats(timer: StageTimer, facts: StageFacts, openFrames: number): FilterStats {
    const { faces, widthPx, heightPx } = this.#last;
    return {
      frames: this.#frames,
      styledFrames: this.#styledFrames,
      dropped: this.#dropped,
      failedFrames: this.#failedFrames,
      fps: this.#fps(),
      faces,
      lagMs: this.#lag.percentiles(),
      stageMs: timer.stageMs(),
      widthPx,
      heightPx,
      openFrames,
      ...facts,
    };
  }

  #fps(): number {
    const recent = this.#outTimesMs.filter((timeMs) => timeMs >= this.now() - FPS_WINDOW_MS);
    const first = recent[0];
    const last = recent.at(-1);
    return first === undefined || last === undefined || last === first ? 0 : ((recent.length - 1) * 1000) / (last - first);
  }
}

const FPS_FRAMES = 120;
const FPS_WINDOW_MS = 2000;
