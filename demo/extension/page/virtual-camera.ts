import { unpackFrame } from '../common/frames';
import type { Format, FromEngine, FromViewer } from '../common/messages';
import type { CameraIds } from './choose-camera';
import { chooseFormat, UnmetConstraint } from './choose-format';

/** The virtual camera as one call of `getUserMedia` has opened it: pictures come in through a port and go out as tracks. */
export class VirtualCamera {
  /** The most that can be asked of it. */
  readonly most: Format;
  readonly ids: CameraIds;
  readonly #port: MessagePort;
  readonly #writer: WritableStreamDefaultWriter<VideoFrame>;
  readonly #tracks: WeakRef<MediaStreamTrack>[] = [];
  readonly #onFrame = new Set<() => void>();
  #format: Format;
  #shown: Pick<Format, 'widthPx' | 'heightPx'> | undefined;
  #closed = false;

  private constructor(port: MessagePort, ids: CameraIds, most: Format, format: Format, writer: WritableStreamDefaultWriter<VideoFrame>) {
    this.#port = port;
    this.ids = ids;
    this.most = most;
    this.#format = format;
    this.#writer = writer;
    port.onmessage = ({ data }: MessageEvent<FromEngine>) => this.#hear(data);
    port.addEventListener('close', () => this.#end());
    this.#send({ type: 'format', format });
  }

  /**
   * Waits until the engine has opened the camera and its first picture is there.
   * @param handOver Brings a port to the engine.
   * @returns the camera and its first track
   * @throws {DOMException} what kept the engine from it, or `OverconstrainedError`
   */
  static async open(handOver: (port: MessagePort) => Promise<void>, ids: CameraIds, constraints: MediaTrackConstraints): Promise<readonly [VirtualCamera, MediaStreamTrack]> {
    const { port1: port, port2 } = new MessageChannel();
    let gone = false;
    port.addEventListener('close', () => (gone = true), { once: true });
    try {
      await handOver(port2);
      if (gone) throw wentAway();
      const most = await openedOf(port);
      const format = formatFor(constraints, most);
      const generator = new MediaStreamTrackGenerator({ kind: 'video' });
      const writer = generator.writable.getWriter();
      // A clone is an ordinary track; once the generator itself is stopped, the last clone to stop ends the stream.
      const track = generator.clone();
      generator.stop();
      const camera = new VirtualCamera(port, ids, most, format, writer);
      camera.adopt(track);
      await camera.#frame();
      if (camera.#closed) throw wentAway();
      return [camera, track];
    } catch (error) {
      port.postMessage({ type: 'leave' } satisfies FromViewer);
      port.close();
      throw error;
    }
  }

  /** Format of the pictures at present. */
  get format(): Format {
    return { ...this.#format, ...this.#shown };
  }

  /** One more track shows this camera. */
  adopt(track: MediaStreamTrack): void {
    this.#tracks.push(new WeakRef(track));
  }

  /** Lets the camera go if no track shows it any more. */
  release(): void {
    if (!this.#tracks.some((track) => track.deref()?.readyState === 'live')) this.#end();
  }

  /**
   * Changes the format. Resolves when pictures come in it.
   * @throws {OverconstrainedError} if the camera has none such; the format then stays.
   */
  async applyConstraints(constraints: MediaTrackConstraints): Promise<void> {
    const format = formatFor(constraints, this.most);
    this.#format = format;
    this.#send({ type: 'format', format });
    while (!this.#closed && (this.#shown?.widthPx !== format.widthPx || this.#shown.heightPx !== format.heightPx)) {
      await this.#frame();
      if (this.#format !== format) return; // overtaken by a later call
    }
  }

  #hear(message: FromEngine): void {
    if (message.type === 'frame') void this.#write(unpackFrame(message));
    else if (message.type === 'ended') this.#end();
  }

  async #write(frame: VideoFrame): Promise<void> {
    this.#shown = { widthPx: frame.codedWidth, heightPx: frame.codedHeight };
    this.#tell();
    try {
      await this.#writer.write(frame);
      this.#send({ type: 'taken' });
    } catch {
      frame.close();
      this.#end(); // every track was stopped
    }
  }

  #frame(): Promise<void> {
    return new Promise((resolve) => this.#onFrame.add(resolve));
  }

  #tell(): void {
    for (const resolve of this.#onFrame) resolve();
    this.#onFrame.clear();
  }

  #send(message: FromViewer): void {
    if (!this.#closed) this.#port.postMessage(message);
  }

  #end(): void {
    if (this.#closed) return;
    this.#send({ type: 'leave' });
    this.#closed = true;
    this.#port.close();
    this.#writer.close().catch(() => undefined);
    this.#tell();
  }
}

function openedOf(port: MessagePort): Promise<Format> {
  return new Promise((resolve, reject) => {
    const lost = (): void => reject(wentAway());
    port.addEventListener('close', lost, { once: true });
    port.onmessage = ({ data }: MessageEvent<FromEngine>) => {
      if (data.type === 'opened') resolve(data.capabilities);
      else if (data.type === 'refused') reject(new DOMException(data.message, data.name));
      else if (data.type === 'ended') lost();
    };
  });
}

function wentAway(): DOMException {
  return new DOMException('The StyleFilter Camera went away while it was being opened.', 'NotReadableError');
}

function formatFor(constraints: MediaTrackConstraints, most: Format): Format {
  try {
    return chooseFormat(constraints, most);
  } catch (error) {
    throw error instanceof UnmetConstraint ? new OverconstrainedError(error.constraint, error.message) : error;
  }
}
