/** What the `<video>` plays: the sample clip or the camera. */
export interface VideoSource {
  /** Plays the sample clip and lets the camera go. */
  playSample(): Promise<void>;
  /** Asks for the camera and shows it. Rejects with the browser's `DOMException`; what played before goes on. */
  playCamera(): Promise<void>;
}

/** Frames a second and size asked of the camera: what the filter keeps up with. */
const CAMERA: MediaTrackConstraints = { width: { ideal: 640 }, height: { ideal: 480 }, frameRate: { ideal: 30 } };

/** @param onCameraLost called when the camera goes away by itself, for instance when it is unplugged */
export function createVideoSource(video: HTMLVideoElement, sampleUrl: string, onCameraLost: () => void): VideoSource {
  let camera: MediaStream | undefined;

  const releaseCamera = (): void => {
    for (const track of camera?.getTracks() ?? []) track.stop();
    camera = undefined;
  };

  return {
    async playSample() {
      releaseCamera();
      video.srcObject = null;
      video.src = sampleUrl;
      await video.play();
    },
    async playCamera() {
      const devices = (navigator as { mediaDevices?: MediaDevices }).mediaDevices;
      if (!devices) throw new DOMException('The page is not served over https or from localhost.', 'SecurityError');
      const stream = await devices.getUserMedia({ video: CAMERA });
      releaseCamera();
      camera = stream;
      stream.getVideoTracks()[0]?.addEventListener('ended', () => {
        if (camera === stream) onCameraLost();
      });
      video.removeAttribute('src');
      video.srcObject = stream;
      await video.play();
    },
  };
}
