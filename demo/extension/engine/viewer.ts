import { packFrame } from '../common/frames';
import type { ConnectedViewer, Format, FromEngine, FromViewer } from '../common/messages';
import { FrameFitter } from './frame-fitter';

/** Pictures that may be on their way at once: one is taken in while the next one travels. */
const UNDER_WAY = 2;
/** Share of the time between two pictures after which the next one is no longer too early. */
const EARLY = 0.75;

/** Somebody who watches the virtual camera: a track on some page, or the popup. */
export class Viewer {
  readonly #fitter = new FrameFitter();
  #format: Format | undefined;
  #underWay = 0;
  #lastMs = -Infinity;
  #gone = false;

  /**
   * Listens to the port.
   * @param onFormat Called when the viewer has said which pictures it wants.
   * @param onGone Called once when it is gone.
   */
  constructor(readonly kind: ConnectedViewer['viewer'], private readonly port: MessagePort, private readonly onFormat: () => void, private readonly onGone: () => void) {
    port.onmessage = ({ data }: MessageEvent<FromViewer>) => this.#hear(data);
    port.addEventListener('close', () => this.#leave());
  }

  /** What it wants; undefined until it has said so. */
  get format(): Format | undefined {
    return this.#format;
  }

  /** Tells it something. */
  send(message: FromEngine, transfer: Transferable[] = []): void {
    if (!this.#gone) this.port.postMessage(message, transfer);
  }

  /** Sends a picture in the viewer's format, unless it comes too early or the last ones were not taken in yet. */
  async show(frame: VideoFrame): Promise<void> {
    const format = this.#format;
    const nowMs = performance.now();
    if (format === undefined || this.#gone || this.#underWay >= UNDER_WAY || nowMs - this.#lastMs < (EARLY * 1000) / format.frameRate) return;
    this.#lastMs = nowMs;
    this.#underWay += 1;
    try {
      const message = await this.#fitter.fit(frame, format, packFrame);
      this.send(message, [message.buffer]);
    } catch (error) {
      this.#underWay -= 1;
      throw error;
    }
  }

  /** Says goodbye. Idempotent. */
  end(): void {
    this.send({ type: 'ended' });
    this.#leave();
  }

  #hear(message: FromViewer): void {
    switch (message.type) {
      case 'format':
        this.#format = message.format;
        return this.onFormat();
      case 'taken':
        this.#underWay = Math.max(0, this.#underWay - 1);
        return;
      case 'leave':
        return this.#leave();
    }
  }

  #leave(): void {
    if (this.#gone) return;
    this.#gone = true;
    this.port.close();
    this.onGone();
  }
}
