import { interval, type Subscription } from 'rxjs';
import { FilterError, toFilterError } from '../errors';
import { Engine, notLoaded } from './engine';
import { FrameReader } from './frame-reader';
import { PagePort, toErrorData, Transferred, type EngineCalls, type EngineInfo, type EngineInit, type EngineInputs, type PostedFrame, type ProcessedPicture } from './protocol';
import { loadStages } from './stage-set';

const STATS_PERIOD_MS = 500;
const TICK_PERIOD_MS = 33;

/**
 * Answers a page over a port: the whole engine, whether it lives in a worker or on the page itself.
 * @param port Where the calls come from.
 * @param canvas Canvas to draw on if the page cannot give one away. Default: the one in `EngineInit`.
 */
export function serveEngine(port: MessagePort, canvas?: HTMLCanvasElement): void {
  new EngineService(port, canvas);
}

class EngineService {
  readonly #page: PagePort;
  readonly #loading = new AbortController();
  readonly #reader = new FrameReader(
    (frame) => this.#push(frame, frame.timestamp),
    () => void this.#end(),
  );
  #engine: Engine | undefined;
  #loaded: Promise<EngineInfo> | undefined;
  #stats: Subscription | undefined;
  #ticks: Subscription | undefined;
  #paused = false;
  #fed = false;

  constructor(
    port: MessagePort,
    private readonly canvas: HTMLCanvasElement | undefined,
  ) {
    const calls: EngineCalls = {
      load: (init) => (this.#loaded = this.#load(init)),
      apply: (settings) => this.#need().apply(settings),
      process: async ({ image, timestampUs }) => {
        const { picture, faces, error } = await this.#need().process(image, timestampUs);
        const answer: ProcessedPicture = { picture, faces, error: error && toErrorData(error) };
        return new Transferred(answer, [picture]) as unknown as ProcessedPicture;
      },
      stats: () => Promise.resolve(this.#need().stats),
      close: () => this.#close(),
    };
    this.#page = new PagePort(port, calls, (name, value) => this.#take(name, value));
  }

  async #load(init: EngineInit): Promise<EngineInfo> {
    const report = (error: FilterError): void => this.#page.send('error', toErrorData(error));
    const stages = await loadStages({
      ...init,
      canvas: this.canvas ?? init.canvas ?? new OffscreenCanvas(1, 1),
      signal: this.#loading.signal,
      onProgress: (progress) => this.#page.send('progress', progress),
      onWarning: report,
    });
    this.#engine = new Engine(stages, {
      onError: report,
      onState: (state) => this.#page.send('state', state),
      onSize: (widthPx, heightPx) => this.#page.send('size', { widthPx, heightPx }),
      onShown: (shown) => this.#page.send('shown', shown),
      onUnsettled: () => this.#page.send('unsettled', undefined),
    });
    this.#stats = interval(STATS_PERIOD_MS).subscribe(() => this.#sendStats());
    const track = this.#openWorkerTrack(this.#engine);
    const info = { ...this.#engine.info, track };
    return track === undefined ? info : (new Transferred(info, [track]) as unknown as EngineInfo);
  }

  /** A track made here and given to the page, where the browser has `VideoTrackGenerator` and lets tracks move. */
  #openWorkerTrack(engine: Engine): MediaStreamTrack | undefined {
    if (typeof VideoTrackGenerator !== 'function') return undefined;
    const generator = new VideoTrackGenerator();
    engine.outlet.openTrack(generator.writable);
    return generator.track;
  }

  #take<K extends keyof EngineInputs>(name: K, value: EngineInputs[K]): void {
    const engine = this.#engine;
    switch (name) {
      case 'stream':
        void engine?.changeSource();
        return this.#reader.open(value as ReadableStream<VideoFrame>);
      case 'frame':
        return this.#takePosted(value as PostedFrame);
      case 'end':
        return void this.#end();
      case 'paused':
        this.#paused = value as boolean;
        return engine?.pause(this.#paused);
      case 'trackWriter':
        return engine?.outlet.openTrack(value as WritableStream<VideoFrame>);
      case 'ticking':
        this.#ticks?.unsubscribe();
        this.#ticks = value === true ? interval(TICK_PERIOD_MS).subscribe(() => this.#page.send('tick', undefined)) : undefined;
    }
  }

  #takePosted({ image, timestampUs, skipped }: PostedFrame): void {
    if (skipped > 0 && !this.#paused) this.#engine?.skip(skipped);
    this.#push(image, timestampUs);
    this.#page.send('taken', undefined);
  }

  #push(image: VideoFrame | ImageBitmap, timestampUs: number): void {
    if (!this.#fed) this.#page.send('fed', undefined);
    this.#fed = true;
    if (this.#engine === undefined) image.close();
    else this.#engine.push(image, timestampUs);
  }

  async #end(): Promise<void> {
    await this.#engine?.idle();
    this.#sendStats();
    this.#page.send('ended', undefined);
  }

  #sendStats(): void {
    if (this.#engine !== undefined) this.#page.send('stats', this.#engine.stats);
  }

  #need(): Engine {
    if (this.#engine === undefined) throw notLoaded();
    return this.#engine;
  }

  async #close(): Promise<void> {
    this.#loading.abort(new FilterError('aborted', 'The filter was detached while it was loading.', { stage: 'load', fatal: true }));
    const read = this.#reader.close();
    this.#stats?.unsubscribe();
    this.#ticks?.unsubscribe();
    await this.#loaded?.catch(() => undefined);
    this.#stats?.unsubscribe();
    const engine = this.#engine;
    this.#engine = undefined;
    try {
      await Promise.all([read, engine?.close()]);
      if (engine !== undefined) this.#page.send('stats', engine.stats);
    } catch (cause) {
      throw toFilterError(cause, 'stage-failed', 'The engine could not free everything');
    } finally {
      // The answer to this call still has to go out over the port.
      setTimeout(() => this.#page.close());
    }
  }
}

/** Of mediacapture-transform, in workers only; the DOM types do not know it yet. */
declare const VideoTrackGenerator: (new () => { readonly writable: WritableStream<VideoFrame>; readonly track: MediaStreamTrack }) | undefined;
