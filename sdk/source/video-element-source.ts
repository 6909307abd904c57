import type { FrameSink, FrameSource } from './frame-source';
import { PictureGrabber } from './picture-grabber';
import { createTrackSource, hasTrackProcessor } from './track-source';

/**
 * A source that reads a `<video>`. One that shows a stream is read through the stream's track, because that goes on
 * in a hidden tab; one that plays a file is read picture by picture, on the engine's ticks while the tab is hidden.
 */
export function createVideoElementSource(video: HTMLVideoElement): FrameSource {
  const stop = new AbortController();
  let inner: FrameSource | undefined;
  let grabber: PictureGrabber | undefined;

  const open = (sink: FrameSink): void => {
    inner?.close();
    inner = undefined;
    grabber?.close();
    grabber = undefined;
    const track = video.srcObject instanceof MediaStream ? video.srcObject.getVideoTracks()[0] : undefined;
    if (track !== undefined && hasTrackProcessor()) {
      inner = createTrackSource(track);
      inner.start(sink);
    } else {
      track?.addEventListener('ended', () => sink.ended(), { signal: stop.signal });
      grabber = new PictureGrabber(video, sink);
    }
  };

  return {
    element: video,
    get audioTracks() {
      return video.srcObject instanceof MediaStream ? video.srcObject.getAudioTracks() : [];
    },
    start(sink) {
      let opened = video.srcObject;
      open(sink);
      video.addEventListener(
        'loadedmetadata',
        () => {
          if (video.srcObject === opened) return;
          opened = video.srcObject;
          open(sink);
        },
        { signal: stop.signal },
      );
    },
    refresh() {
      grabber?.refresh();
    },
    close() {
      stop.abort();
      inner?.close();
      grabber?.close();
    },
  };
}
