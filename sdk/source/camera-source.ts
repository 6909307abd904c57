import { FilterError } from '../errors';
import type { FrameSource } from './frame-source';
import { createTrackSource } from './track-source';

/** A camera to be opened by the filter, which also stops it. */
export interface CameraRequest {
  /** What is asked of the camera. `true`: any. */
  readonly camera: true | MediaTrackConstraints;
  /** Microphone to be opened with it, passed on in `stream`. Default: none. */
  readonly audio?: boolean | MediaTrackConstraints;
}

/**
 * Opens a camera.
 * @throws {FilterError} `camera-refused`, `camera-missing`, `camera-busy`, `unsupported` or `aborted`.
 */
export async function openCamera({ camera, audio = false }: CameraRequest, signal?: AbortSignal): Promise<FrameSource> {
  const devices = (navigator as { mediaDevices?: MediaDevices }).mediaDevices;
  if (devices === undefined) {
    throw new FilterError('unsupported', 'This page cannot open a camera, because it is not served over https or from localhost.', { stage: 'source', fatal: true });
  }
  let stream: MediaStream;
  try {
    stream = await devices.getUserMedia({ video: camera, audio });
  } catch (cause) {
    throw cameraError(cause);
  }
  const track = stream.getVideoTracks()[0];
  if (signal?.aborted || track === undefined) {
    for (const each of stream.getTracks()) each.stop();
    throw signal?.aborted
      ? new FilterError('aborted', 'Loading was stopped through options.signal.', { stage: 'load', fatal: true, cause: signal.reason })
      : new FilterError('camera-missing', 'The browser opened a camera without a video track; choose another camera.', { stage: 'source', fatal: true });
  }
  return createTrackSource(track, { audioTracks: stream.getAudioTracks(), owned: true });
}

function cameraError(cause: unknown): FilterError {
  const name = cause instanceof DOMException || cause instanceof Error ? cause.name : '';
  const init = { stage: 'source', fatal: true, cause } as const;
  switch (name) {
    case 'NotAllowedError':
    case 'SecurityError':
      return new FilterError('camera-refused', 'The camera was refused; allow it for this page in the browser and attach again.', init);
    case 'NotFoundError':
      return new FilterError('camera-missing', 'No camera was found; connect one and attach again.', init);
    case 'OverconstrainedError':
      return new FilterError('camera-missing', `No camera meets the request (${(cause as { constraint?: string }).constraint ?? 'constraints'}); ask for less in source.camera.`, init);
    default:
      return new FilterError('camera-busy', `The camera could not be opened (${cause instanceof Error ? cause.message : String(cause)}); close other programs that use it and attach again.`, init);
  }
}
