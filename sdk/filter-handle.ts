import { timer, type Observable, type Subscription } from 'rxjs';
import type { EngineClient } from './engine/engine-client';
import { Lifetime } from './engine/lifetime';
import type { EngineInfo, EngineOutputs, EngineState } from './engine/protocol';
import { SettingsSync } from './engine/settings-sync';
import type { FilterStats } from './engine/stats';
import { FilterError } from './errors';
import type { FilterEvents, FilterState } from './filter-events';
import { mergeOptions, toStyle, type EngineSettings, type LiveOptions, type StyleOptions } from './options';
import { createOutputTrack } from './sink/output-track';
import type { Overlay } from './sink/overlay';
import type { FrameSource } from './source/frame-source';
import { endedError } from './source/track-source';

/** How long a source may give nothing before that is said. */
const EMPTY_AFTER_MS = 3000;

/** What a handle is made of; it closes all of it. */
export interface FilterParts {
  readonly client: EngineClient;
  readonly info: EngineInfo;
  readonly source: FrameSource;
  readonly overlay: Overlay | undefined;
  readonly canvas: HTMLCanvasElement;
  readonly events: FilterEvents;
  readonly settings: EngineSettings;
}

/** A filter at work, as `StyleFilter.attach` returns it. */
export class FilterHandle {
  /** The canvas with the styled picture: laid over the element, or yours to place. */
  readonly canvas: HTMLCanvasElement;
  /** Where the filter stands; gives the present state at once. */
  readonly state$: Observable<FilterState>;
  /** Statistics, about twice a second; gives the newest at once. */
  readonly stats$: Observable<FilterStats>;
  /** Warnings and errors, those from loading included. After a `fatal` one the filter has stopped styling. */
  readonly error$: Observable<FilterError>;
  readonly #parts: FilterParts;
  readonly #lifetime = new Lifetime(this, 'filter');
  readonly #settings: SettingsSync;
  readonly #emptyWatch: Subscription;
  #engineState: EngineState = 'waiting';
  #loading = 0;
  #paused = false;
  #ended = false;
  #endReason: FilterError | null | undefined;
  #track: MediaStreamTrack | undefined;
  #stream: MediaStream | undefined;
  #detaching: Promise<void> | undefined;

  /**
   * Made by `StyleFilter`.
   * @internal
   */
  constructor(parts: FilterParts) {
    const { client, events, source, canvas, settings } = parts;
    this.#parts = parts;
    this.canvas = canvas;
    this.state$ = events.state.asObservable();
    this.stats$ = events.stats.asObservable();
    this.error$ = events.errors.asObservable();
    this.#settings = new SettingsSync(settings, async (wanted) => {
      await client.apply(wanted);
      source.refresh();
    });
    client.listen((name, value) => this.#hear(name, value));
    client.onSourceStart = () => {
      this.#ended = false;
      this.#endReason = undefined;
      this.#enter();
    };
    client.onSourceEnd = (error) => {
      this.#endReason = error ?? null;
    };
    this.#emptyWatch = timer(EMPTY_AFTER_MS).subscribe(() => {
      events.errors.next(new FilterError('source-empty', 'The source has given no picture yet; the filter waits for one. Check that the video has a source and is playing.', { stage: 'source' }));
    });
    this.#enter();
    source.start(client);
  }

  /**
   * The styled picture as a track; made when first asked for, ended by `detach()`.
   * @throws {FilterError} `unsupported` if the browser can make none, `closed` after `detach()`.
   */
  get track(): MediaStreamTrack {
    this.#lifetime.assertOpen();
    const { client, canvas, info } = this.#parts;
    this.#track ??= createOutputTrack({ canvas, workerTrack: info.track, onWriter: (writable) => client.openTrack(writable) });
    if (this.#track === undefined) throw new FilterError('unsupported', 'This browser cannot make a video track from a canvas; use the canvas itself.', { stage: 'sink' });
    return this.#track;
  }

  /**
   * {@link track} together with the source's sound.
   * @throws {FilterError} like {@link track}.
   */
  get stream(): MediaStream {
    const { track } = this;
    this.#stream ??= new MediaStream([track, ...this.#parts.source.audioTracks]);
    return this.#stream;
  }

  /**
   * Changes the style; a string takes it as its pack sets it. Frames go on in the old style until the new one is ready,
   * which then fades in (`transitionMs`). Of changes that come faster than they can be drawn, as from a slider, only the newest counts.
   * @throws {FilterError} `bad-option`, `asset-missing` and other errors of loading; the old style then stays.
   */
  setStyle(style: string | StyleOptions): Promise<void> {
    return this.setOptions({ style });
  }

  /**
   * Changes settings: a key that is absent stays, `undefined` returns to the default. Resolves when they are in force.
   * @throws {FilterError} `bad-option` naming the option, or errors of loading; the old settings then stay.
   */
  async setOptions(options: LiveOptions): Promise<void> {
    this.#lifetime.assertOpen();
    const before = this.#settings.wanted;
    const after = mergeOptions(before, options.style === undefined ? options : { ...options, style: toStyle(options.style) });
    const loads = after.style.id !== before.style.id || after.backend !== before.backend || after.quality !== before.quality;
    if (loads) this.#loading += 1;
    this.#enter();
    try {
      await this.#settings.change(after);
    } finally {
      if (loads) this.#loading -= 1;
      this.#enter();
    }
  }

  /** Stops working; canvas and track keep the last picture. */
  pause(): void {
    this.#lifetime.assertOpen();
    this.#paused = true;
    this.#parts.client.pause(true);
    this.#enter();
  }

  /** Goes on after {@link pause}. */
  resume(): void {
    this.#lifetime.assertOpen();
    this.#paused = false;
    this.#parts.client.pause(false);
    this.#parts.source.refresh();
    this.#enter();
  }

  /**
   * Stops and frees everything: worker, contexts, listeners, the overlay, the output track, and the camera if the filter
   * opened it. Resolves when that is done; calling it again returns the same promise.
   */
  detach(): Promise<void> {
    this.#detaching ??= this.#detach();
    return this.#detaching;
  }

  async #detach(): Promise<void> {
    const { client, source, overlay, events } = this.#parts;
    this.#lifetime.close();
    this.#emptyWatch.unsubscribe();
    source.close();
    overlay?.close();
    await client.close();
    this.#track?.stop();
    events.enter('detached');
    events.complete();
  }

  #hear<K extends keyof EngineOutputs>(name: K, value: EngineOutputs[K]): void {
    const { events, overlay } = this.#parts;
    switch (name) {
      case 'stats':
        events.stats.next(value as FilterStats);
        return overlay?.follow();
      case 'state':
        this.#engineState = value as EngineState;
        return this.#enter();
      case 'fed':
        return this.#emptyWatch.unsubscribe();
      case 'size':
        return overlay?.show(true);
      case 'shown':
        return overlay?.show(value as boolean);
      case 'unsettled':
        return this.#parts.source.refresh();
      case 'ended':
        return this.#end();
      default:
        return; // the rest is the client's
    }
  }

  #end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#emptyWatch.unsubscribe();
    // A track that its owner stops ends without an event, so the reason may be missing.
    const reason = this.#endReason === undefined ? endedError() : this.#endReason;
    if (reason !== null) this.#parts.events.errors.next(reason);
    this.#enter();
  }

  #enter(): void {
    if (this.#lifetime.closed) return;
    this.#parts.events.enter(this.#present());
  }

  #present(): FilterState {
    if (this.#engineState === 'failed') return 'failed';
    if (this.#ended) return 'ended';
    if (this.#paused) return 'paused';
    return this.#loading > 0 ? 'loading' : this.#engineState;
  }
}
