import { Subject, type Subscription } from 'rxjs';
import { FilterError, toFilterError } from '../errors';
import type { EngineSettings } from '../options';
import { FrameLedger } from '../source/frame';
import { PictureOutlet } from '../sink/picture-outlet';
import type { Frame } from '../types';
import { ErrorBudget } from './error-budget';
import { latestOnly } from './latest-only';
import { processFrame, type Processed } from './pipeline';
import type { EngineInfo, EngineState } from './protocol';
import { SerialQueue } from './serial-queue';
import type { StageSet } from './stage-set';
import { StageTimer } from './stage-timer';
import { StatsCounter, type FilterStats } from './stats';

/** What the engine tells while it runs. */
export interface EngineEvents {
  readonly onState: (state: EngineState) => void;
  readonly onError: (error: FilterError) => void;
  /** The canvas shows its first picture of this size. */
  readonly onSize: (widthPx: number, heightPx: number) => void;
  /** Whether the canvas shows the newest picture. */
  readonly onShown: (shown: boolean) => void;
  /** The picture just drawn is still fading: the same frame once more would look different. */
  readonly onUnsettled: () => void;
}

/** Runs the line: frames in, pictures on the canvas and to the outlet. Owns its stages. */
export class Engine {
  readonly outlet: PictureOutlet;
  readonly #ledger = new FrameLedger();
  readonly #timer = new StageTimer();
  readonly #counter = new StatsCounter();
  readonly #budget: ErrorBudget;
  readonly #frames = new Subject<Frame & { readonly arrivedMs: number }>();
  readonly #work: Subscription;
  // Frames, and the moments in which settings are exchanged, follow one another; loading runs beside them.
  readonly #turns = new SerialQueue();
  readonly #changes = new SerialQueue();
  #state: EngineState = 'waiting';
  #paused = false;
  #shown = true;
  #size = '';
  #sizeIsNew = false;

  /**
   * Begins to wait for frames.
   * @param stages Loaded and warmed up; the engine closes them.
   * @param events Who is told.
   */
  constructor(
    private readonly stages: StageSet,
    private readonly events: EngineEvents,
  ) {
    this.outlet = new PictureOutlet(stages.canvas, events.onError);
    this.#budget = new ErrorBudget(stages.settings.maxConsecutiveErrors);
    this.#work = this.#frames
      .pipe(latestOnly((frame) => this.#turns.add(() => this.#take(frame, frame.arrivedMs)), () => this.#counter.drop()))
      .subscribe();
  }

  /** What runs. */
  get info(): EngineInfo {
    const { backend, modelId } = this.stages.facts;
    return { backend, modelId };
  }

  /** Statistics up to now. */
  get stats(): FilterStats {
    return this.#counter.stats(this.#timer, this.stages.facts, this.#ledger.openFrames);
  }

  /** Takes over a picture of the source. The newest one waits while another is in work. */
  push(image: VideoFrame | ImageBitmap, timestampUs: number): void {
    if (this.#paused || this.#work.closed) return image.close();
    this.#frames.next({ ...this.#ledger.take(image, timestampUs), arrivedMs: performance.now() });
  }

  /** Counts pictures the source skipped by itself. */
  skip(pictures: number): void {
    this.#counter.drop(pictures);
  }

  /** Resolves when every frame taken so far is done. */
  idle(): Promise<void> {
    return this.#turns.idle();
  }

  /** While paused, frames are closed unseen and the last picture stays. */
  pause(paused: boolean): void {
    this.#paused = paused;
  }

  /** The pictures now come from another source. */
  changeSource(): Promise<void> {
    return this.#turns.add(() => this.stages.reset());
  }

  /** Brings settings into force; on an error the old ones stay. */
  apply(settings: EngineSettings): Promise<EngineInfo> {
    return this.#changes.add(async () => {
      const exchange = await this.stages.prepare(settings);
      await this.#turns.add(exchange);
      this.#budget.maxInARow = settings.maxConsecutiveErrors;
      return this.info;
    });
  }

  /**
   * Takes over a picture and works on it after all that came before, leaving none out.
   * @throws {FilterError} the stage's error where privacy lets no picture out.
   */
  process(image: VideoFrame | ImageBitmap, timestampUs: number): Promise<{ readonly picture: VideoFrame; readonly faces: number; readonly error: FilterError | undefined }> {
    return this.#turns.add(async () => {
      let picture: VideoFrame | undefined;
      this.outlet.onPicture((made) => (picture = made));
      try {
        const { faces, error } = await this.#take(this.#ledger.take(image, timestampUs), performance.now());
        if (picture === undefined) throw error ?? new FilterError('sink-failed', 'The styled picture could not be read back.', { stage: 'sink' });
        return { picture, faces, error };
      } finally {
        this.outlet.onPicture(undefined);
      }
    });
  }

  /** Stops and frees everything, frames in work included. Idempotent. */
  async close(): Promise<void> {
    this.#work.unsubscribe();
    await Promise.all([this.#turns.idle(), this.#changes.idle()]);
    this.outlet.close();
    await this.stages.close();
  }

  async #take(frame: Frame, arrivedMs: number): Promise<{ readonly faces: number; readonly error: FilterError | undefined }> {
    const { widthPx, heightPx } = frame;
    let processed: Processed = { faces: 0, drawn: false };
    let error: FilterError | undefined;
    try {
      this.#watchSize(frame);
      if (this.#state !== 'failed') processed = await this.#process(frame);
    } catch (cause) {
      error = toFilterError(cause, 'stage-failed', 'A frame could not be styled');
      await this.#fail(error);
    }
    if (!processed.drawn) await this.#substitute(frame);
    frame.close();
    this.#counter.count({ faces: processed.faces, failed: error !== undefined, widthPx, heightPx, lagMs: performance.now() - arrivedMs });
    return { faces: processed.faces, error };
  }

  async #process(frame: Frame): Promise<Processed> {
    const processed = await processFrame(frame, this.stages, this.#timer, this.stages.settings.privacy === 'pass');
    if (processed.drawn) this.#emit(frame, true);
    this.#budget.succeed();
    this.#enter('running');
    if (processed.drawn && !this.stages.settled) this.events.onUnsettled();
    return processed;
  }

  async #fail(error: FilterError): Promise<void> {
    const { report, fatal } = this.#budget.fail(error);
    if (fatal !== undefined) {
      this.#enter('failed');
      return this.events.onError(fatal);
    }
    if (report) this.events.onError(error);
    if (error.code === 'device-lost') await this.stages.fallBack().catch((cause: unknown) => this.events.onError(toFilterError(cause, 'backend-unavailable', 'WASM could not take over from the lost graphics device')));
  }

  /** Something in place of a frame that was not styled, as the privacy option wants it. */
  async #substitute(frame: Frame): Promise<void> {
    const { privacy } = this.stages.settings;
    try {
      if (privacy === 'pass') await this.stages.composite(frame, []);
      else if (privacy === 'card' || !this.stages.hold()) this.stages.drawCard(frame);
      this.#emit(frame, privacy === 'pass');
    } catch {
      // Drawing itself fails, which was reported with the frame: all that is left is the frame, or nothing.
      this.#show(false);
      if (privacy === 'pass') this.#pass(frame);
    }
  }

  #pass(frame: Frame): void {
    try {
      this.outlet.pass(frame);
    } catch (cause) {
      this.events.onError(toFilterError(cause, 'sink-failed', 'A frame could not be sent to the output track', 'sink'));
    }
  }

  #emit(frame: Frame, ofFrame: boolean): void {
    this.outlet.emit(frame.timestampUs, ofFrame && this.stages.settings.background === 'transparent');
    this.#show(true);
    if (this.#sizeIsNew) this.events.onSize(frame.widthPx, frame.heightPx);
    this.#sizeIsNew = false;
  }

  #watchSize({ widthPx, heightPx }: Frame): void {
    const size = `${widthPx}×${heightPx}`;
    if (size === this.#size) return;
    if (this.#size !== '') this.stages.reset();
    this.#size = size;
    this.#sizeIsNew = true;
  }

  #show(shown: boolean): void {
    if (shown === this.#shown) return;
    this.#shown = shown;
    this.events.onShown(shown);
  }

  #enter(state: EngineState): void {
    if (state === this.#state) return;
    this.#state = state;
    this.events.onState(state);
  }
}

/** The error for a call that came before `load`. */
export function notLoaded(): FilterError {
  return new FilterError('closed', 'The engine has not been loaded or was closed; attach the filter again.', { stage: 'load' });
}
