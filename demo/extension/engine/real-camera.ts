import type { Format } from '../common/messages';

/** The camera behind the virtual one. */
export class RealCamera {
  readonly track: MediaStreamTrack;

  private constructor(track: MediaStreamTrack, onLost: () => void) {
    this.track = track;
    track.addEventListener('ended', onLost, { once: true });
  }

  /**
   * Opens it under the extension's own permission.
   * @param cameraId Which; empty for the browser's choice. One that is not there is replaced by another.
   * @param onLost Called when it goes away by itself.
   * @throws {DOMException} as `getUserMedia` does
   */
  static async open(cameraId: string, onLost: () => void): Promise<RealCamera> {
    const video: MediaTrackConstraints = { width: { ideal: 640 }, height: { ideal: 480 }, frameRate: { ideal: 30 } };
    if (cameraId !== '') video.deviceId = { ideal: cameraId };
    const stream = await navigator.mediaDevices.getUserMedia({ video });
    return new RealCamera(stream.getVideoTracks()[0]!, onLost);
  }

  /** The most it gives, up to a limit. */
  most(limit: Format): Format {
    const { width, height, frameRate } = this.track.getCapabilities();
    return {
      widthPx: Math.min(limit.widthPx, width?.max ?? limit.widthPx),
      heightPx: Math.min(limit.heightPx, height?.max ?? limit.heightPx),
      frameRate: Math.min(limit.frameRate, Math.round(frameRate?.max ?? limit.frameRate)),
    };
  }

  /** Asks for pictures at least this large, and no more of them than are wanted: each one is work. */
  async resize({ widthPx, heightPx, frameRate }: Format): Promise<void> {
    await this.track.applyConstraints({ width: { ideal: widthPx }, height: { ideal: heightPx }, frameRate: { max: Math.ceil(frameRate) } });
  }

  /** Lets it go. Idempotent. */
  close(): void {
    this.track.stop();
  }
}
