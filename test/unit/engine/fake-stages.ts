import type { StageSet } from '../../../sdk/engine/stage-set';
import { resolveOptions, type LiveOptions } from '../../../sdk/options';
import type { Face, FaceCrop, Frame, SmoothedCrop, StageName, StyledCrop } from '../../../sdk/types';

/** A picture without pixels that counts how often it was closed. */
export function fakePicture(widthPx = 640, heightPx = 480): ImageBitmap & { closed: number } {
  return {
    width: widthPx,
    height: heightPx,
    closed: 0,
    close() {
      this.closed += 1;
    },
  };
}

/** Stages that write down what they were asked to do, and fail when told to. */
export class FakeStages implements StageSet {
  readonly canvas = { width: 0, height: 0 } as HTMLCanvasElement;
  readonly facts = { backend: 'wasm', modelId: 'fake', trackDelegate: 'cpu', styleHeadRuns: 1 } as const;
  /** What happened, in order: names of stages, `hold`, `card`, `reset`, `fallBack`, `apply`, `close`. */
  readonly log: string[] = [];
  /** How many faces the tracker finds. */
  faces = 1;
  /** Called before each stage; throws to make it fail. */
  trouble: (stage: StageName) => void = () => undefined;
  /** Called when a crop is to be drawn; the crop is there when the promise resolves. */
  drawing: () => Promise<void> = () => Promise.resolve();
  held = true;
  settled = true;
  settings;

  constructor(options: LiveOptions = {}) {
    this.settings = resolveOptions({ style: 'comic', ...options } as { style: string }, 'https://example.test/').settings;
  }

  track(): readonly Face[] {
    this.#begin('track');
    return Array.from({ length: this.faces }, (_, id) => ({ id, landmarks: new Float32Array(0), blendshapes: new Map() }));
  }

  crop(face: Face): FaceCrop {
    this.#begin('crop');
    return { faceId: face.id, cropFromFrame: [1, 0, 0, 0, 1, 0], landmarksCrop: new Float32Array(0) };
  }

  async generate(frame: Frame, crop: FaceCrop): Promise<StyledCrop> {
    this.#begin('generate');
    await this.drawing();
    return { crop, sizePx: 1, rgba: new Uint8ClampedArray(4), timestampUs: frame.timestampUs };
  }

  smooth(styled: readonly StyledCrop[]): readonly SmoothedCrop[] {
    this.#begin('smooth');
    return styled.map(({ crop }) => ({ crop, sizePx: 1, opacity: 1, texture: {} }));
  }

  fade(): readonly SmoothedCrop[] {
    return [];
  }

  composite(frame: Frame, layers: readonly SmoothedCrop[]): void {
    this.#begin('composite');
    this.log.push(`picture ${frame.timestampUs} with ${layers.length}`);
  }

  hold(): boolean {
    this.log.push(this.held ? 'hold' : 'nothing to hold');
    return this.held;
  }

  drawCard(): void {
    this.log.push('card');
  }

  clear(): Promise<void> {
    this.log.push('clear');
    return Promise.resolve();
  }

  reset(): void {
    this.log.push('reset');
  }

  fallBack(): Promise<void> {
    this.log.push('fallBack');
    return Promise.resolve();
  }

  prepare(settings: typeof this.settings): Promise<() => Promise<void>> {
    this.log.push('prepare');
    return Promise.resolve(() => {
      this.log.push('apply');
      this.settings = settings;
      return Promise.resolve();
    });
  }

  close(): Promise<void> {
    this.log.push('close');
    return Promise.resolve();
  }

  #begin(stage: StageName): void {
    this.log.push(stage);
    this.trouble(stage);
  }
}
