import type { FilterHandle, StyleFilterOptions } from '../index';
import { StyleFilter } from '../index';

/** Options of an adapter: those of `StyleFilter.attach`, less where the picture goes, which the call library decides. */
export type AdapterOptions = Omit<StyleFilterOptions, 'output'>;

/** A loaded filter that call libraries hand one track after another. */
export interface TrackFilter {
  /** For changing the style, reading statistics and hearing errors. */
  readonly filter: FilterHandle;
  /**
   * Styles this track from now on, in place of the one before.
   * @returns a track of its own, which the call library may stop.
   */
  start(track: MediaStreamTrack): MediaStreamTrack;
  /** Rests until the next {@link start}; models stay loaded. Idempotent. */
  stop(): void;
  /** Frees everything. Idempotent. */
  close(): Promise<void>;
}

/**
 * Loads a filter that has no track yet, so that a track can later be styled at once.
 * @throws {FilterError} as `StyleFilter.attach`.
 */
export async function openTrackFilter(options: AdapterOptions): Promise<TrackFilter> {
  // The element is never shown: it is the source whose track can be exchanged while the filter runs.
  const video = document.createElement('video');
  video.muted = true;
  video.playsInline = true;
  const filter = await StyleFilter.attach(video, { ...options, output: 'none' });
  let given: MediaStreamTrack | undefined;

  const stop = (): void => {
    given?.stop();
    given = undefined;
    video.srcObject = null;
  };

  return {
    filter,
    start(track) {
      stop();
      filter.resume();
      video.srcObject = new MediaStream([track]);
      // Only browsers that read tracks through the element need it to play, and those report a refusal as an empty source.
      video.play().catch(() => undefined);
      given = filter.track.clone();
      return given;
    },
    stop() {
      if (given === undefined) return;
      stop();
      filter.pause();
    },
    async close() {
      stop();
      await filter.detach();
    },
  };
}
