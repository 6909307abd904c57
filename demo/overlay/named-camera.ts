/** How long to wait before looking for a camera again; a device that appears is looked at straight away. */
const RETRY_MS = 2000;

/** Who hears of a {@link NamedCamera}. */
export interface CameraListener {
  /** The camera gives pictures from now on. */
  onStream(stream: MediaStream): void;
  /** It has gone away, or gives no pictures for now. */
  onLost(): void;
  /** It gives pictures again. */
  onBack(): void;
  /** Why it could not be opened; another try follows. */
  onProblem(text: string): void;
}

/** A camera wanted by its name, opened whenever it is there. */
export class NamedCamera {
  readonly #name: string;
  readonly #constraints: MediaTrackConstraints;
  readonly #listener: CameraListener;
  #stream: MediaStream | undefined;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #opening = false;

  /**
   * Begins to look for the camera.
   * @param name Part of its name, upper and lower case alike; empty for any.
   */
  constructor(name: string, constraints: MediaTrackConstraints, listener: CameraListener) {
    this.#name = name.toLowerCase();
    this.#constraints = constraints;
    this.#listener = listener;
    navigator.mediaDevices.addEventListener('devicechange', () => void this.#look());
    void this.#look();
  }

  async #look(): Promise<void> {
    if (this.#opening || this.#stream !== undefined) return;
    this.#opening = true;
    clearTimeout(this.#retry);
    try {
      this.#take(await this.#open());
    } catch (error) {
      this.#listener.onProblem(error instanceof Error ? error.message : String(error));
      this.#lookLater();
    } finally {
      this.#opening = false;
    }
  }

  #lookLater(): void {
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => void this.#look(), RETRY_MS);
  }

  async #open(): Promise<MediaStream> {
    const { mediaDevices } = navigator;
    if (this.#name === '') return mediaDevices.getUserMedia({ video: this.#constraints });
    const cameras = await listCameras();
    const found = cameras.find(({ label }) => label.toLowerCase().includes(this.#name));
    if (found === undefined) throw new Error(`There is no camera with “${this.#name}” in its name; there are: ${cameras.map(({ label }) => label).join(', ') || 'none'}.`);
    return mediaDevices.getUserMedia({ video: { ...this.#constraints, deviceId: { exact: found.deviceId } } });
  }

  #take(stream: MediaStream): void {
    const track = stream.getVideoTracks()[0]!;
    this.#stream = stream;
    track.addEventListener('ended', () => {
      this.#stream = undefined;
      this.#listener.onLost();
      void this.#look();
    });
    track.addEventListener('mute', () => this.#listener.onLost());
    track.addEventListener('unmute', () => this.#listener.onBack());
    this.#listener.onStream(stream);
  }
}

/** All cameras with their names; asks for permission where that is needed to learn them. */
export async function listCameras(): Promise<readonly MediaDeviceInfo[]> {
  const cameras = await enumerateCameras();
  if (cameras.some(({ label }) => label !== '')) return cameras;
  const stream = await navigator.mediaDevices.getUserMedia({ video: true });
  try {
    return await enumerateCameras();
  } finally {
    for (const track of stream.getTracks()) track.stop();
  }
}

async function enumerateCameras(): Promise<readonly MediaDeviceInfo[]> {
  return (await navigator.mediaDevices.enumerateDevices()).filter(({ kind }) => kind === 'videoinput');
}
