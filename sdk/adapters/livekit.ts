import type { Track, TrackProcessor, VideoProcessorOptions } from 'livekit-client';
import type { FilterHandle } from '../index';
import { openTrackFilter, type AdapterOptions, type TrackFilter } from './track-filter';

export type { AdapterOptions } from './track-filter';

/** A LiveKit `TrackProcessor`: `await localVideoTrack.setProcessor(new LiveKitStyleProcessor({ style: 'comic' }))`. */
export class LiveKitStyleProcessor implements TrackProcessor<Track.Kind.Video, VideoProcessorOptions> {
  /** How LiveKit names it. */
  readonly name = 'stylefilter';
  /** What LiveKit publishes; there from `init` to `destroy`. */
  processedTrack?: MediaStreamTrack;
  #opening: Promise<TrackFilter> | undefined;
  #open: TrackFilter | undefined;

  /**
   * Loads nothing yet.
   * @param options As for `StyleFilter.attach`.
   */
  constructor(private readonly options: AdapterOptions) {}

  /** The filter at work, for `setStyle`, `setOptions`, `stats$` and `error$`; undefined before `init` and after `destroy`. */
  get filter(): FilterHandle | undefined {
    return this.#open?.filter;
  }

  /**
   * Called by `setProcessor`: loads, and styles the track. May be called again after {@link destroy}.
   * @throws {FilterError} as `StyleFilter.attach`.
   */
  async init({ track }: Pick<VideoProcessorOptions, 'track'>): Promise<void> {
    const opening = this.destroy().then(() => openTrackFilter(this.options));
    this.#opening = opening;
    const open = await opening;
    // Destroyed while it was loading.
    if (this.#opening !== opening) return;
    this.#open = open;
    this.processedTrack = open.start(track);
  }

  /** Called when another camera takes over: styles the new track without loading anew. */
  async restart(options: Pick<VideoProcessorOptions, 'track'>): Promise<void> {
    if (this.#open === undefined) return this.init(options);
    this.processedTrack = this.#open.start(options.track);
  }

  /** Called by `stopProcessor` and when the track stops: frees everything. Idempotent. */
  async destroy(): Promise<void> {
    const opening = this.#opening;
    this.#opening = undefined;
    this.#open = undefined;
    delete this.processedTrack;
    await (await opening?.catch(() => undefined))?.close();
  }
}
