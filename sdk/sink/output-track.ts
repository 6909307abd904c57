/** What can carry the pictures as a track, in the order of preference. */
export type TrackOutput = 'worker-generator' | 'page-generator' | 'canvas-capture' | 'none';

/** What an output track is made of. */
export interface OutputTrackParts {
  /** The canvas that the engine draws on. */
  readonly canvas: HTMLCanvasElement;
  /** A track that the engine made in its worker, if it could. */
  readonly workerTrack: MediaStreamTrack | undefined;
  /** Gives the engine the end it writes frames to. */
  readonly onWriter: (writable: WritableStream<VideoFrame>) => void;
}

/** How this browser makes tracks out of frames on the page; `VideoTrackGenerator` lives in workers and is not seen here. */
export function trackOutput(): TrackOutput {
  if (typeof MediaStreamTrackGenerator === 'function') return 'page-generator';
  if (typeof HTMLCanvasElement !== 'undefined' && 'captureStream' in HTMLCanvasElement.prototype) return 'canvas-capture';
  return 'none';
}

/** Makes the track that shows the styled picture, or undefined where the browser has no way. */
export function createOutputTrack({ canvas, workerTrack, onWriter }: OutputTrackParts): MediaStreamTrack | undefined {
  if (workerTrack !== undefined) return workerTrack;
  switch (trackOutput()) {
    case 'page-generator': {
      const generator = new MediaStreamTrackGenerator({ kind: 'video' });
      onWriter(generator.writable);
      return generator;
    }
    case 'canvas-capture':
      return canvas.captureStream().getVideoTracks()[0];
    default:
      return undefined;
  }
}
