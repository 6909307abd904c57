import { toFilterError } from '../errors';
import type { FrameSink, FrameSource } from './frame-source';

/**
 * A source that reads a stream of frames and takes each of them over. The next one is read only when the sink is ready,
 * so a slow engine slows the stream down instead of losing frames.
 */
export function createStreamSource(readable: ReadableStream<VideoFrame>): FrameSource {
  const reader = readable.getReader();
  let closed = false;

  const pump = async (sink: FrameSink): Promise<void> => {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      if (closed) return value.close();
      await readyOf(sink);
      sink.frame(value, value.timestamp);
    }
    sink.ended();
  };

  return {
    element: undefined,
    audioTracks: [],
    start(sink) {
      pump(sink).catch((error: unknown) => {
        if (!closed) sink.ended(toFilterError(error, 'source-ended', 'The stream of frames broke off', 'source'));
      });
    },
    refresh: () => undefined,
    close() {
      if (closed) return;
      closed = true;
      reader.cancel().catch(() => undefined);
    },
  };
}

function readyOf(sink: FrameSink): Promise<void> {
  if (sink.ready) return Promise.resolve();
  return new Promise((resolve) => {
    sink.onReady = () => {
      sink.onReady = undefined;
      resolve();
    };
  });
}
