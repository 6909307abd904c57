import { MOST } from '../page/device-info';
import type { ConnectedViewer } from '../common/messages';
import type { CameraSettings } from '../common/settings';
import { createCard } from './card';
import { readFrames } from './read-frames';
import { RealCamera } from './real-camera';
import { Styler } from './styler';
import { Viewer } from './viewer';

/** How often a card goes out while there is no styled picture. */
const CARD_EVERY_MS = 200;

/** One camera and one filter for all viewers of all pages. The camera is open only while somebody watches. */
export class CameraEngine {
  readonly #viewers = new Set<Viewer>();
  /** Work follows one another: cameras are not opened and closed at the same time. */
  #turn: Promise<void> = Promise.resolve();
  #settings: CameraSettings;
  #camera: RealCamera | undefined;
  #styler: Styler | undefined;
  #cards: ReturnType<typeof setInterval> | undefined;
  #problem = '';

  /**
   * Waits for viewers.
   * @param onIdle Called whenever the last viewer has left.
   */
  constructor(settings: CameraSettings, private readonly onIdle: () => void) {
    this.#settings = settings;
  }

  /** How many watch. */
  get viewers(): number {
    return this.#viewers.size;
  }

  /** Somebody wants to watch. */
  add(kind: ConnectedViewer['viewer'], port: MessagePort): void {
    const viewer = new Viewer(kind, port, () => void this.#camera?.resize(this.#largest()).catch(() => undefined), () => {
      this.#viewers.delete(viewer);
      this.#next(() => this.#rest());
    });
    this.#viewers.add(viewer);
    this.#next(() => this.#open(viewer));
  }

  /** Brings settings into force. */
  change(settings: CameraSettings): void {
    this.#next(async () => {
      const before = this.#settings;
      if (JSON.stringify(settings) === JSON.stringify(before)) return;
      this.#settings = settings;
      if (!settings.on) for (const viewer of [...this.#viewers]) viewer.end();
      if (settings.cameraId !== before.cameraId && this.#camera !== undefined) {
        this.#closeCamera();
        await this.#openCamera();
      }
      void this.#styler?.change(settings); // may have to load; viewers come and go meanwhile
    });
  }

  /** Frees everything. */
  close(): void {
    this.#next(async () => {
      this.#closeCamera();
      await this.#styler?.close();
      this.#styler = undefined;
    });
  }

  #next(work: () => Promise<void> | void): void {
    this.#turn = this.#turn.then(work).catch((error: unknown) => console.error(error));
  }

  async #open(viewer: Viewer): Promise<void> {
    if (!this.#viewers.has(viewer)) return;
    if (!this.#settings.on) return viewer.end();
    try {
      if (this.#camera === undefined) await this.#openCamera();
    } catch (error) {
      const { name, message } = error as DOMException;
      viewer.send({ type: 'refused', name: name === 'NotAllowedError' ? 'NotReadableError' : name, message: `The StyleFilter Camera could not open the camera behind it: ${message}` });
      return viewer.end();
    }
    viewer.send({ type: 'opened', capabilities: this.#camera!.most(MOST) });
    viewer.send({ type: 'problem', text: this.#problem });
  }

  #rest(): void {
    if (this.#viewers.size > 0) return;
    this.#closeCamera();
    this.onIdle();
  }

  async #openCamera(): Promise<void> {
    const camera = await RealCamera.open(this.#settings.cameraId, () => this.#lose());
    this.#camera = camera;
    this.#showCards(true);
    this.#styler ??= this.#startStyler();
    this.#styler.show(camera.track);
  }

  #closeCamera(): void {
    this.#showCards(false);
    this.#styler?.show(undefined);
    this.#camera?.close();
    this.#camera = undefined;
  }

  /** The camera has been unplugged or its permission withdrawn. */
  #lose(): void {
    this.#next(() => {
      if (this.#camera?.track.readyState !== 'ended') return;
      for (const viewer of [...this.#viewers]) viewer.end();
    });
  }

  #startStyler(): Styler {
    const styler = new Styler(this.#settings, (text) => this.#tell(text));
    const show = async (frame: VideoFrame): Promise<void> => {
      this.#showCards(false);
      await this.#show(frame);
    };
    styler.track().then(
      (track) => readFrames(track, show),
      async () => {
        this.#styler = undefined; // the next camera tries again
        // Without a filter there is only the camera itself, which goes out if the user has chosen so, or the card.
        if (this.#camera !== undefined && this.#settings.privacy === 'pass') await readFrames(this.#camera.track, show);
      },
    ).catch((error: unknown) => this.#tell(error instanceof Error ? error.message : String(error)));
    return styler;
  }

  #showCards(on: boolean): void {
    if (on === (this.#cards !== undefined)) return;
    clearInterval(this.#cards);
    this.#cards = on ? setInterval(() => void this.#showCard(), CARD_EVERY_MS) : undefined;
  }

  async #showCard(): Promise<void> {
    const { widthPx, heightPx } = this.#largest();
    const card = createCard(widthPx, heightPx);
    try {
      await this.#show(card);
    } finally {
      card.close();
    }
  }

  async #show(frame: VideoFrame): Promise<void> {
    try {
      await Promise.all([...this.#viewers].map((viewer) => viewer.show(frame)));
    } catch (error) {
      this.#tell(error instanceof Error ? error.message : String(error));
    }
  }

  /** A format in which every viewer's picture has its place. */
  #largest(): { readonly widthPx: number; readonly heightPx: number; readonly frameRate: number } {
    const formats = [...this.#viewers].flatMap(({ format }) => (format === undefined ? [] : [format]));
    const most = (pick: (format: (typeof formats)[number]) => number, least: number): number => Math.max(least, ...formats.map(pick));
    return { widthPx: most(({ widthPx }) => widthPx, 320), heightPx: most(({ heightPx }) => heightPx, 240), frameRate: most(({ frameRate }) => frameRate, 1) };
  }

  #tell(text: string): void {
    this.#problem = text;
    for (const viewer of this.#viewers) viewer.send({ type: 'problem', text });
  }
}
