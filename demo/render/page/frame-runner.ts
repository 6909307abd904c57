/** Page side: feeds frames to the filter one by one and sums up what it measured. */
import type { FilterStats, FrameProcessor } from '../../../sdk/index';
import type { RenderStats } from '../render-stats';

/** Takes frames through a filter. */
export class FrameRunner {
  #frames = 0;
  #workMs = 0;
  #mostFaces = 0;
  readonly #failures: string[] = [];

  constructor(private readonly processor: FrameProcessor) {}

  /** Frames done so far. */
  get frames(): number {
    return this.#frames;
  }

  /** Why frames were left unstyled, one message a frame. */
  get failures(): readonly string[] {
    return this.#failures;
  }

  /** Styles a frame, which it closes; the picture is the caller's. */
  async run(frame: VideoFrame): Promise<VideoFrame> {
    const startedMs = performance.now();
    const { picture, faces, error } = await this.processor.process(frame);
    if (error) this.#failures.push(error.message);
    this.#workMs += performance.now() - startedMs;
    this.#frames += 1;
    this.#mostFaces = Math.max(this.#mostFaces, faces);
    return picture;
  }

  /** What was measured. Call it after the last frame. */
  async sumUp(): Promise<RenderStats> {
    const stats: FilterStats = await this.processor.stats();
    return {
      frames: stats.frames,
      styledFrames: stats.styledFrames,
      faces: this.#mostFaces,
      width: stats.widthPx,
      height: stats.heightPx,
      backend: stats.backend,
      fps: this.#workMs === 0 ? 0 : (this.#frames * 1000) / this.#workMs,
      stageMs: stats.stageMs,
    };
  }
}
