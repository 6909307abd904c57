import type { Backend, StageName } from '../../sdk/types';

/** Median and 95th percentile in milliseconds; null where the stage never ran. */
export type StageTimes = { readonly p50: number; readonly p95: number } | null;

/** What `--stats` writes for one file. */
export interface RenderStats {
  /** Frames written. */
  readonly frames: number;
  /** Frames of them with a styled face. */
  readonly styledFrames: number;
  /** Most faces styled in one frame. */
  readonly faces: number;
  /** Width of the picture in pixels. */
  readonly width: number;
  /** Height of the picture in pixels. */
  readonly height: number;
  /** What the network ran on. */
  readonly backend: Backend;
  /** Frames the filter did in a second; decoding and encoding are not counted. */
  readonly fps: number;
  /** Milliseconds by stage, over the last 240 frames. */
  readonly stageMs: Readonly<Record<StageName, StageTimes>>;
}

const round = (value: number): number => Math.round(value * 100) / 100;

/** The statistics as they are written: rounded to a hundredth. */
export function rounded(stats: RenderStats): RenderStats {
  const stageMs = Object.fromEntries(
    Object.entries(stats.stageMs).map(([name, times]) => [name, times && { p50: round(times.p50), p95: round(times.p95) }]),
  ) as RenderStats['stageMs'];
  return { ...stats, fps: round(stats.fps), stageMs };
}
