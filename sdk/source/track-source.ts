import { FilterError } from '../errors';
import type { FrameSink, FrameSource } from './frame-source';
import { PictureGrabber } from './picture-grabber';

/** How a {@link createTrackSource} treats its track. */
export interface TrackSourceOptions {
  /** Sound that goes with it. */
  readonly audioTracks?: readonly MediaStreamTrack[];
  /** Whether the track was opened by us, and so is stopped by {@link FrameSource.close}. Default false. */
  readonly owned?: boolean;
}

/** Whether frames of a track can be read here without an element; works in hidden tabs. */
export function hasTrackProcessor(): boolean {
  return typeof MediaStreamTrackProcessor === 'function';
}

/** A source that reads a camera's or call's track. */
export function createTrackSource(track: MediaStreamTrack, { audioTracks = [], owned = false }: TrackSourceOptions = {}): FrameSource {
  const stop = new AbortController();
  let grabber: PictureGrabber | undefined;

  return {
    element: undefined,
    audioTracks,
    start(sink: FrameSink) {
      if (track.readyState === 'ended') return sink.ended(endedError());
      track.addEventListener('ended', () => sink.ended(endedError()), { signal: stop.signal });
      if (hasTrackProcessor()) {
        sink.stream(new MediaStreamTrackProcessor({ track: track as MediaStreamVideoTrack, maxBufferSize: 1 }).readable);
      } else {
        grabber = new PictureGrabber(hiddenVideo(track, sink), sink);
      }
    },
    refresh() {
      grabber?.refresh();
    },
    close() {
      stop.abort();
      grabber?.close();
      if (owned) for (const each of [track, ...audioTracks]) each.stop();
    },
  };
}

function hiddenVideo(track: MediaStreamTrack, sink: FrameSink): HTMLVideoElement {
  const video = document.createElement('video');
  video.muted = true;
  video.playsInline = true;
  video.srcObject = new MediaStream([track]);
  video.play().catch((cause: unknown) => {
    sink.warn(new FilterError('source-empty', 'The browser does not play the camera track yet; it may wait for a click on the page.', { stage: 'source', cause }));
  });
  return video;
}

/** The error that says that a source's track has ended. */
export function endedError(): FilterError {
  return new FilterError('source-ended', 'The video track has ended (unplugged, revoked or stopped); detach the filter and attach it to a new source.', { stage: 'source' });
}
