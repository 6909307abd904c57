import type { FilterHandle } from '../index';
import { openTrackFilter, type AdapterOptions, type TrackFilter } from './track-filter';

export type { AdapterOptions } from './track-filter';

/** What a Stream camera filter returns, as its documentation describes it; the package's licence keeps its types out of here. */
export interface StreamFilterResult {
  /** The styled stream. */
  readonly output: MediaStream;
  /** Called by Stream when the camera is turned off or the filter unregistered. */
  readonly stop: () => void;
}

/** A filter for Stream's video SDK (JavaScript and React): `call.camera.registerFilter(filter.apply)`. */
export class StreamStyleFilter {
  /** For changing the style, reading statistics and hearing errors. */
  readonly filter: FilterHandle;

  /**
   * Made by {@link createStreamFilter}.
   * @internal
   */
  constructor(private readonly open: TrackFilter) {
    this.filter = open.filter;
  }

  /** What `registerFilter` takes; called again whenever the camera is turned on. */
  readonly apply = (input: MediaStream): StreamFilterResult => {
    const [track] = input.getVideoTracks();
    if (track === undefined) return { output: input, stop: () => undefined };
    const styled = this.open.start(track);
    return {
      output: new MediaStream([styled, ...input.getAudioTracks()]),
      // One that was replaced meanwhile must not stop its successor.
      stop: () => {
        if (styled.readyState === 'live') this.open.stop();
      },
    };
  };

  /** Frees everything; do it after `unregister()`. Idempotent. */
  close(): Promise<void> {
    return this.open.close();
  }
}

/**
 * Loads a filter for Stream's camera. It is loaded beforehand so that the camera starts styled.
 * @throws {FilterError} as `StyleFilter.attach`.
 */
export async function createStreamFilter(options: AdapterOptions): Promise<StreamStyleFilter> {
  return new StreamStyleFilter(await openTrackFilter(options));
}
