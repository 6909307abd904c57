import type { Observable } from 'rxjs';
import type { EngineClient } from './engine/engine-client';
import { Lifetime } from './engine/lifetime';
import { fromErrorData } from './engine/port-calls';
import { SettingsSync } from './engine/settings-sync';
import type { FilterStats } from './engine/stats';
import type { FilterError } from './errors';
import type { FilterEvents } from './filter-events';
import { mergeOptions, type EngineSettings, type LiveOptions } from './options';

/** One frame that went through. */
export interface ProcessedFrame {
  /** The whole picture with the frame's timestamp; the caller closes it. */
  readonly picture: VideoFrame;
  /** How many faces were styled. */
  readonly faces: number;
  /** Why the picture is not styled, if a stage failed; it is then what the privacy option says. */
  readonly error: FilterError | undefined;
}

/** Restyles frame by frame, leaving none out, as `StyleFilter.createProcessor` returns it. */
export class FrameProcessor {
  /** Warnings and errors, those from loading included. */
  readonly error$: Observable<FilterError>;
  readonly #lifetime = new Lifetime(this, 'frame processor');
  readonly #settings: SettingsSync;

  /**
   * Made by `StyleFilter`.
   * @internal
   */
  constructor(
    private readonly client: EngineClient,
    private readonly events: FilterEvents,
    settings: EngineSettings,
  ) {
    this.error$ = events.errors.asObservable();
    this.#settings = new SettingsSync(settings, async (wanted) => void (await client.apply(wanted)));
  }

  /**
   * Styles one frame, which it takes over. Frames are worked on in the order they come.
   * @throws {FilterError} `closed`, or the stage's error where privacy lets no picture out.
   */
  async process(frame: VideoFrame | ImageBitmap): Promise<ProcessedFrame> {
    this.#lifetime.assertOpen();
    const timestampUs = 'timestamp' in frame ? frame.timestamp : 0;
    const { picture, faces, error } = await this.client.process(frame, timestampUs);
    return { picture, faces, error: error && fromErrorData(error) };
  }

  /** Statistics up to now. */
  stats(): Promise<FilterStats> {
    return this.client.stats();
  }

  /**
   * Changes settings, as `setOptions` of a filter does.
   * @throws {FilterError} `bad-option` naming the option, or errors of loading; the old settings then stay.
   */
  async setOptions(options: LiveOptions): Promise<void> {
    this.#lifetime.assertOpen();
    await this.#settings.change(mergeOptions(this.#settings.wanted, options));
  }

  /** Frees everything. Idempotent. */
  async close(): Promise<void> {
    this.#lifetime.close();
    await this.client.close();
    this.events.complete();
  }
}
