import type { FilterHandle } from '../index';
import { openTrackFilter, type AdapterOptions, type TrackFilter } from './track-filter';

export type { AdapterOptions } from './track-filter';

/** What an effect needs to know of a `JitsiLocalTrack`; lib-jitsi-meet publishes no types to any registry. */
export interface JitsiTrackLike {
  /** Whether it carries pictures. */
  isVideoTrack(): boolean;
  /** `'camera'` or `'desktop'`. */
  readonly videoType?: string | undefined;
}

/** A lib-jitsi-meet stream effect: `await jitsiTrack.setEffect(await createJitsiEffect({ style: 'comic' }))`. */
export class JitsiStyleEffect {
  /** For changing the style, reading statistics and hearing errors. */
  readonly filter: FilterHandle;

  /**
   * Made by {@link createJitsiEffect}.
   * @internal
   */
  constructor(private readonly open: TrackFilter) {
    this.filter = open.filter;
  }

  /** Whether the effect is for this track: any video but a shared screen. */
  isEnabled(track: JitsiTrackLike): boolean {
    return track.isVideoTrack() && track.videoType !== 'desktop';
  }

  /** Called by lib-jitsi-meet, again after each mute; it wants the styled stream at once. */
  startEffect(stream: MediaStream): MediaStream {
    const [track] = stream.getVideoTracks();
    if (track === undefined) return stream;
    return new MediaStream([this.open.start(track), ...stream.getAudioTracks()]);
  }

  /** Called by lib-jitsi-meet when the track is muted or loses the effect; models stay loaded. */
  stopEffect(): void {
    this.open.stop();
  }

  /** Frees everything; lib-jitsi-meet never calls it, so do it after `setEffect(undefined)`. Idempotent. */
  close(): Promise<void> {
    return this.open.close();
  }
}

/**
 * Loads an effect for a `JitsiLocalTrack`. It is loaded beforehand because Jitsi starts effects synchronously.
 * @throws {FilterError} as `StyleFilter.attach`.
 */
export async function createJitsiEffect(options: AdapterOptions): Promise<JitsiStyleEffect> {
  return new JitsiStyleEffect(await openTrackFilter(options));
}
