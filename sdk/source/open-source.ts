import { FilterError } from '../errors';
import { openCamera, type CameraRequest } from './camera-source';
import type { FrameSource } from './frame-source';
import { createImageSource, isStillImage, type StillImage } from './image-source';
import { createStreamSource } from './stream-source';
import { createTrackSource } from './track-source';
import { createVideoElementSource } from './video-element-source';

/** What a filter can be attached to. */
export type FilterSource = HTMLVideoElement | MediaStreamTrack | MediaStream | CameraRequest | StillImage | ReadableStream<VideoFrame>;

/**
 * Opens whatever the caller gave.
 * @throws {FilterError} `bad-option` if it is none of {@link FilterSource}; the camera's errors.
 */
export async function openSource(source: FilterSource, signal?: AbortSignal): Promise<FrameSource> {
  if (source instanceof HTMLVideoElement) return createVideoElementSource(source);
  if (source instanceof MediaStreamTrack) return openTrack(source);
  if (source instanceof MediaStream) return openStream(source);
  if (source instanceof ReadableStream) return createStreamSource(source);
  if (isStillImage(source)) return createImageSource(source);
  if (typeof source === 'object' && source !== null && 'camera' in source) return openCamera(source, signal);
  throw new FilterError(
    'bad-option',
    `source must be a <video>, a MediaStreamTrack, a MediaStream, { camera: true }, a picture or a ReadableStream of VideoFrames, was ${String(source)}.`,
    { stage: 'source', fatal: true },
  );
}

function openTrack(track: MediaStreamTrack): FrameSource {
  if (track.kind !== 'video') throw new FilterError('bad-option', `source must be a video track, was one of kind '${track.kind}'.`, { stage: 'source', fatal: true });
  return createTrackSource(track);
}

function openStream(stream: MediaStream): FrameSource {
  const track = stream.getVideoTracks()[0];
  if (track === undefined) throw new FilterError('bad-option', 'source is a MediaStream without a video track; add one first.', { stage: 'source', fatal: true });
  return createTrackSource(track, { audioTracks: stream.getAudioTracks() });
}
