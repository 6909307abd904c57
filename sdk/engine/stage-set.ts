import { loadManifest } from '../assets/manifest';
import { createModelStore, type ModelStore } from '../assets/model-store';
import { loadStylePack, type StylePack } from '../assets/style-pack';
import { createCompositor, type Compositor } from '../composite/compositor';
import type { CompositeSettings } from '../composite/composite-settings';
import { createCropper, type Cropper } from '../crop/cropper';
import type { FilterError} from '../errors';
import { toFilterError } from '../errors';
import { loadGenerator, type LoadedGenerator } from '../generate/load-generator';
import { resolveStyle } from '../generate/resolve-style';
import type { EngineSettings, LoadProgress } from '../options';
import { createTemporalFilter, type TemporalFilter } from '../smooth/temporal-filter';
import { createFaceTracker, type FaceTracker } from '../track/face-tracker';
import type { Backend, Face, FaceCrop, Frame, SmoothedCrop, StyleCode, StyledCrop } from '../types';
import type { Stages } from './pipeline';
import type { StageFacts } from './stats';
import { warmUp } from './warm-up';

/** The stages together with what the engine needs around them. */
export interface StageSet extends Stages {
  readonly canvas: OffscreenCanvas | HTMLCanvasElement;
  /** Settings in force. */
  readonly settings: EngineSettings;
  readonly facts: StageFacts;
  /** Whether a picture of the same frame would look the same again: nothing fades. */
  readonly settled: boolean;
  /**
   * Loads what new settings need while frames go on. The returned function brings them into force and must not run beside a frame.
   * @throws {FilterError} if they cannot be had; nothing has changed then.
   */
  prepare(settings: EngineSettings): Promise<() => Promise<void>>;
  /** Takes WASM in place of a lost graphics device. Must not run beside a frame. */
  fallBack(): Promise<void>;
  /** Forgets what was seen: after a change of source or size. */
  reset(): void;
  /** Draws the last styled picture again; false if there is none. */
  hold(): boolean;
  /** Draws a neutral card of the frame's size. */
  drawCard(frame: Frame): void;
  /** Makes the canvas see-through, in the frame's size. */
  clear(frame: Frame): Promise<void>;
  /** Frees everything. Idempotent. */
  close(): Promise<void>;
}

/** What {@link loadStages} works with. */
export interface StageSetOptions {
  /** Absolute URL ending in a slash. */
  readonly assetBase: string;
  readonly settings: EngineSettings;
  readonly mode: 'video' | 'still';
  readonly canvas: OffscreenCanvas | HTMLCanvasElement;
  readonly signal: AbortSignal;
  readonly onProgress: (progress: LoadProgress) => void;
  readonly onWarning: (warning: FilterError) => void;
}

/** What changes with style, backend or quality. */
interface Drawing {
  readonly pack: StylePack;
  readonly loaded: LoadedGenerator;
  readonly code: StyleCode;
}

/**
 * Loads and warms up every stage. What was made is freed again if one fails.
 * @throws {FilterError} of the stage that could not be had, or `aborted`.
 */
export async function loadStages(options: StageSetOptions): Promise<StageSet> {
  const { assetBase, settings, mode, canvas, signal, onWarning } = options;
  const made: (() => void | Promise<void>)[] = [];
  let set: LoadedStages | undefined;
  try {
    const compositor = createCompositor({ canvas, onContextRestored: () => set?.reset() });
    made.push(() => compositor.close());
    const temporal = createTemporalFilter(compositor.gl, temporalOptions(settings, mode));
    made.push(() => temporal.close());
    const manifest = await loadManifest(assetBase, signal);
    const store = createModelStore({ assetBase, manifest, onWarning });
    const tracker = await createFaceTracker({
      wasmBase: `${assetBase}mediapipe`,
      modelUrl: `${assetBase}models/face_landmarker.task`,
      mode,
      maxFaces: settings.maxFaces,
      signal,
    });
    made.push(() => tracker.close());
    const cropper = createCropper({ smoothing: smooths(settings, mode) });
    const sources: Sources = { ...options, store, isGlSoftware: compositor.gl.isSoftware };
    const drawing = await loadDrawing(settings, settings.backend, sources);
    cropper.setConvention(drawing.loaded.model.crop);
    const loaded = new LoadedStages(sources, { compositor, temporal, tracker, cropper }, drawing);
    made.push(() => loaded.close());
    await warmUp(loaded);
    signal.throwIfAborted();
    set = loaded;
    return loaded;
  } catch (error) {
    for (const free of made.reverse()) await free();
    throw toFilterError(error, signal.aborted ? 'aborted' : 'unsupported', 'The filter could not be loaded', 'load');
  }
}

interface Machines {
  readonly compositor: Compositor;
  readonly temporal: TemporalFilter;
  readonly tracker: FaceTracker;
  readonly cropper: Cropper;
}

interface Sources extends StageSetOptions {
  readonly store: ModelStore;
  /** Whether WebGL draws without a graphics card. */
  readonly isGlSoftware: boolean;
}

async function loadDrawing(settings: EngineSettings, backend: Backend | 'auto', sources: Sources, known?: StylePack): Promise<Drawing> {
  const { assetBase, store, isGlSoftware, signal, onProgress, onWarning } = sources;
  const pack = known ?? (await loadStylePack(assetBase, settings.style.id, signal));
  const loaded = await loadGenerator({
    store,
    isGlSoftware,
    pack,
    backend,
    quality: settings.quality,
    ortWasmBase: `${assetBase}ort/`,
    signal,
    onProgress,
    onWarning,
  });
  try {
    return { pack, loaded, code: await loaded.codes.get(resolveStyle(pack, settings.style)) };
  } catch (error) {
    await loaded.close();
    throw error;
  }
}

class LoadedStages implements StageSet {
  readonly canvas: OffscreenCanvas | HTMLCanvasElement;
  #settings: EngineSettings;
  #composite: CompositeSettings;
  #closed: Promise<void> | undefined;
  #fading = false;

  constructor(
    private readonly sources: Sources,
    private readonly machines: Machines,
    private drawing: Drawing,
  ) {
    this.canvas = machines.compositor.canvas;
    this.#settings = sources.settings;
    this.#composite = compositeSettings(this.#settings, drawing.pack);
  }

  get settings(): EngineSettings {
    return this.#settings;
  }

  get facts(): StageFacts {
    const { generator, codes } = this.drawing.loaded;
    return { backend: generator.backend, modelId: generator.modelId, trackDelegate: this.machines.tracker.delegate, styleHeadRuns: codes.headRuns };
  }

  get settled(): boolean {
    return !this.#fading && !this.machines.compositor.inTransition;
  }

  track(frame: Frame): readonly Face[] {
    return this.machines.tracker.detect(frame);
  }

  crop(face: Face, frame: Frame): FaceCrop {
    return this.machines.cropper.crop(face, frame);
  }

  generate(frame: Frame, crop: FaceCrop): Promise<StyledCrop> {
    return this.drawing.loaded.generator.generate(frame, crop, this.drawing.code);
  }

  smooth(styled: readonly StyledCrop[]): readonly SmoothedCrop[] {
    return styled.map((crop) => this.machines.temporal.apply(crop));
  }

  fade(present: readonly SmoothedCrop[], frame: Frame): readonly SmoothedCrop[] {
    return this.machines.temporal.fadeOut(present.map(({ crop }) => crop.faceId), frame.timestampUs);
  }

  composite(frame: Frame, layers: readonly SmoothedCrop[]): Promise<void> {
    this.#fading = layers.some(({ opacity }) => opacity < 1);
    return this.machines.compositor.compose(frame, layers, this.#composite);
  }

  hold(): boolean {
    return this.machines.compositor.hold();
  }

  drawCard(frame: Frame): void {
    this.machines.compositor.drawCard(frame.widthPx, frame.heightPx);
  }

  clear(frame: Frame): Promise<void> {
    return this.machines.compositor.compose(frame, [], { background: 'transparent' });
  }

  async prepare(settings: EngineSettings): Promise<() => Promise<void>> {
    const before = this.drawing;
    const sameStyle = settings.style.id === this.#settings.style.id;
    const sameModel = sameStyle && settings.backend === this.#settings.backend && settings.quality === this.#settings.quality;
    const after = sameModel ? await this.#recode(settings) : await loadDrawing(settings, settings.backend, this.sources, sameStyle ? before.pack : undefined);
    return async () => {
      this.machines.tracker.setOptions({ maxFaces: settings.maxFaces });
      this.machines.cropper.setSmoothing(smooths(settings, this.sources.mode));
      this.machines.temporal.setOptions(temporalOptions(settings, this.sources.mode));
      if (after.code !== this.drawing.code) this.#fadeOver(settings);
      this.#settings = settings;
      this.#composite = compositeSettings(settings, after.pack);
      await this.#exchange(after);
    };
  }

  async fallBack(): Promise<void> {
    await this.#exchange(await loadDrawing(this.#settings, 'wasm', this.sources, this.drawing.pack));
  }

  reset(): void {
    this.machines.tracker.reset();
    this.machines.cropper.reset();
    this.machines.temporal.reset();
    this.machines.compositor.forget();
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #recode(settings: EngineSettings): Promise<Drawing> {
    const { pack, loaded } = this.drawing;
    return { pack, loaded, code: await loaded.codes.get(resolveStyle(pack, settings.style)) };
  }

  /** The old style leaves by fading alone: no history of it may reach into the new one. */
  #fadeOver({ transitionMs }: EngineSettings): void {
    this.machines.temporal.restart();
    this.machines.compositor.beginTransition(this.sources.mode === 'still' ? 0 : transitionMs);
  }

  async #exchange(after: Drawing): Promise<void> {
    const before = this.drawing;
    this.drawing = after;
    this.machines.cropper.setConvention(after.loaded.model.crop);
    if (after.loaded !== before.loaded) await before.loaded.close();
  }

  async #close(): Promise<void> {
    const { tracker, temporal, compositor } = this.machines;
    try {
      await this.drawing.loaded.close();
    } finally {
      tracker.close();
      temporal.close();
      compositor.close();
    }
  }
}

function smooths({ jitter }: EngineSettings, mode: 'video' | 'still'): boolean {
  return mode === 'video' && jitter === 'smooth';
}

function temporalOptions({ temporal }: EngineSettings, mode: 'video' | 'still') {
  return mode === 'still' ? { strength: 0, fadeInMs: 0, fadeOutMs: 0 } : { strength: temporal };
}

function compositeSettings(settings: EngineSettings, pack: StylePack): CompositeSettings {
  const { background, opacity, feather, colorMatch, mirror, privacy } = settings;
  return { background, opacity, mirror, feather: feather ?? pack.matte.feather, colorMatch: colorMatch ?? pack.color.match, retain: privacy === 'hold' };
}
