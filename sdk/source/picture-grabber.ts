import { FilterError } from '../errors';
import type { FrameSink } from './frame-source';

/** Takes the pictures a `<video>` presents, never more than the sink wants. */
export class PictureGrabber {
  readonly #stop = new AbortController();
  #callback = 0;
  #fresh = false;
  #skipped = 0;
  #lastTimeS = -1;

  constructor(
    private readonly video: HTMLVideoElement,
    private readonly sink: FrameSink,
  ) {
    sink.onReady = () => {
      if (this.#fresh) this.#take();
    };
    sink.onTick = () => {
      if (video.currentTime !== this.#lastTimeS) this.#present();
    };
    this.#watch();
    const { signal } = this.#stop;
    document.addEventListener('visibilitychange', () => sink.ticking(document.hidden), { signal });
    video.addEventListener('loadeddata', () => this.#present(), { signal });
    if (document.hidden) sink.ticking(true);
    this.#present();
  }

  /** Takes the picture of a paused video once more. */
  refresh(): void {
    if (this.video.paused || this.video.ended) this.#present();
  }

  /** Stops. Idempotent. */
  close(): void {
    this.#stop.abort();
    this.video.cancelVideoFrameCallback(this.#callback);
    this.sink.onReady = this.sink.onTick = undefined;
    this.sink.ticking(false);
  }

  #watch(): void {
    this.#callback = this.video.requestVideoFrameCallback(() => {
      this.#present();
      this.#watch();
    });
  }

  #present(): void {
    if (this.#fresh) this.#skipped += 1;
    this.#fresh = true;
    if (this.sink.ready) this.#take();
  }

  #take(): void {
    const { video, sink } = this;
    if (video.readyState < HTMLMediaElement.HAVE_CURRENT_DATA || video.videoWidth === 0) return;
    this.#fresh = false;
    this.#lastTimeS = video.currentTime;
    // The page's clock rather than the clip's: it never jumps back at a loop or a seek.
    const timestampUs = Math.round(performance.now() * 1000);
    try {
      sink.frame(new VideoFrame(video, { timestamp: timestampUs }), timestampUs, this.#skipped);
      this.#skipped = 0;
    } catch (cause) {
      this.#stop.abort();
      sink.ended(taintedError(cause));
    }
  }
}

function taintedError(cause: unknown): FilterError {
  return new FilterError('source-tainted', 'The browser does not let the pictures of this video be read, because it comes from another origin; serve it with CORS headers and set crossorigin="anonymous" on the element.', {
    stage: 'source',
    cause,
  });
}
