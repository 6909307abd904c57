import { asFatal, FilterError } from '../errors';
import type { AttachSettings, EngineSettings } from '../options';
import type { FrameSink } from '../source/frame-source';
import { EnginePort, fromErrorData, type EngineInfo, type EngineInit, type EngineOutputs, type ProcessedPicture } from './protocol';
import { startHost, type EngineHost } from './start-host';
import type { FilterStats } from './stats';
import { StreamFeeder } from './stream-feeder';

/** How long an engine may take to free everything before its worker is ended regardless. */
const CLOSE_LIMIT_MS = 3000;

/** Handlers of an {@link EngineClient}, by message. */
export type EngineListener = <K extends keyof EngineOutputs>(name: K, value: EngineOutputs[K]) => void;

/** What an {@link EngineClient} is started with. */
export interface EngineClientOptions {
  readonly settings: EngineSettings;
  readonly attach: AttachSettings;
  readonly mode: EngineInit['mode'];
  readonly canvas: HTMLCanvasElement | undefined;
  readonly onError: (error: FilterError) => void;
}

/** The page's hold on an engine: starts it, feeds it, ends it. Owns the worker. */
export class EngineClient implements FrameSink {
  onReady: (() => void) | undefined;
  onTick: (() => void) | undefined;
  /** Called when the source says that no more pictures come. */
  onSourceEnd: ((error: FilterError | undefined) => void) | undefined;
  /** Called when the source begins, or begins anew with another track. */
  onSourceStart: (() => void) | undefined;
  readonly #port: EnginePort;
  readonly #feeder = new StreamFeeder(this, () => this.#port.send('end', undefined));
  #listener: EngineListener = () => undefined;
  #inFlight = false;
  #fed = false;
  #closing: Promise<void> | undefined;

  private constructor(
    private readonly host: EngineHost,
    private readonly options: EngineClientOptions,
  ) {
    this.#port = new EnginePort(host.port, (name, value) => this.#hear(name, value));
  }

  /**
   * Starts an engine and loads it. If that fails or is aborted, everything is freed again.
   * @throws {FilterError} what went wrong, or `aborted`.
   */
  static async start(options: EngineClientOptions): Promise<{ readonly client: EngineClient; readonly info: EngineInfo }> {
    const { settings, attach, mode, canvas, onError } = options;
    const { signal } = attach;
    throwIfAborted(signal);
    const host = await startHost({ place: attach.place, workerUrl: attach.workerUrl, canvas, onWarning: onError });
    const client = new EngineClient(host, options);
    const giveUp = (): void => void client.close(abortedError(signal));
    signal?.addEventListener('abort', giveUp, { once: true });
    try {
      throwIfAborted(signal);
      const init: EngineInit = { assetBase: attach.assetBase, settings, mode, canvas: host.offscreen };
      const info = await client.#port.call('load', init, host.offscreen === undefined ? [] : [host.offscreen]);
      return { client, info };
    } catch (error) {
      await client.close();
      throwIfAborted(signal);
      throw error instanceof FilterError ? asFatal(error) : error;
    } finally {
      signal?.removeEventListener('abort', giveUp);
    }
  }

  /** Whether the engine runs in a worker. */
  get place(): EngineHost['place'] {
    return this.host.place;
  }

  get ready(): boolean {
    return !this.#inFlight;
  }

  /** Hears the engine's messages from now on. */
  listen(listener: EngineListener): void {
    this.#listener = listener;
  }

  stream(readable: ReadableStream<VideoFrame>): void {
    this.onSourceStart?.();
    if (this.host.place === 'page') this.#feeder.open(readable);
    else this.#port.send('stream', readable, [readable]);
  }

  frame(image: VideoFrame | ImageBitmap, timestampUs: number, skipped = 0): void {
    if (!this.#fed) this.onSourceStart?.();
    this.#fed = true;
    this.#inFlight = true;
    this.#port.send('frame', { image, timestampUs, skipped }, [image]);
  }

  ticking(on: boolean): void {
    this.#port.send('ticking', on);
  }

  ended(error?: FilterError): void {
    this.#fed = false;
    this.onSourceEnd?.(error);
    this.#port.send('end', undefined);
  }

  warn(error: FilterError): void {
    this.options.onError(error);
  }

  /** Brings settings into force. */
  apply(settings: EngineSettings): Promise<EngineInfo> {
    return this.#port.call('apply', settings);
  }

  /** Styles one picture, which is given away, without leaving any out. */
  process(image: VideoFrame | ImageBitmap, timestampUs: number): Promise<ProcessedPicture> {
    return this.#port.call('process', { image, timestampUs }, [image]);
  }

  /** Statistics up to now. */
  stats(): Promise<FilterStats> {
    return this.#port.call('stats');
  }

  /** Stops or continues the work on frames. */
  pause(paused: boolean): void {
    this.#port.send('paused', paused);
  }

  /** Gives the engine the end of a track to write to. */
  openTrack(writable: WritableStream<VideoFrame>): void {
    this.#port.send('trackWriter', writable, [writable]);
  }

  /** Frees everything and ends the worker; calls that wait reject with `reason`. Idempotent. */
  close(reason?: FilterError): Promise<void> {
    this.#closing ??= this.#close(reason);
    return this.#closing;
  }

  async #close(reason?: FilterError): Promise<void> {
    this.onReady = this.onTick = this.onSourceStart = this.onSourceEnd = undefined;
    const fed = this.#feeder.close();
    let limit: ReturnType<typeof setTimeout> | undefined;
    const tooLong = new Promise<void>((resolve) => {
      limit = setTimeout(resolve, CLOSE_LIMIT_MS);
    });
    // Ending the worker frees whatever an engine that does not answer still holds.
    await Promise.race([this.#port.call('close').catch(() => undefined), tooLong]);
    clearTimeout(limit);
    await fed;
    this.#port.close(reason);
    this.host.stop();
  }

  #hear<K extends keyof EngineOutputs>(name: K, value: EngineOutputs[K]): void {
    if (name === 'taken') {
      this.#inFlight = false;
      this.#feeder.feed();
      this.onReady?.();
    } else if (name === 'tick') {
      this.onTick?.();
    } else if (name === 'progress') {
      this.options.attach.onProgress?.(value as EngineOutputs['progress']);
    } else if (name === 'error') {
      this.options.onError(fromErrorData(value as EngineOutputs['error']));
    } else {
      this.#listener(name, value);
    }
  }
}

function abortedError(signal: AbortSignal | undefined): FilterError {
  return new FilterError('aborted', 'Loading was stopped through options.signal.', { stage: 'load', fatal: true, cause: signal?.reason });
}

function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw abortedError(signal);
}
