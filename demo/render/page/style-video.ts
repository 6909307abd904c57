/** Page side: takes every frame of a video through the filter, in order, and keeps its sound. */
import {
  ALL_FORMATS,
  Conversion,
  Input,
  MkvOutputFormat,
  Mp4OutputFormat,
  Output,
  StreamTarget,
  UrlSource,
  VideoSample,
  WebMOutputFormat,
  type InputVideoTrack,
  type OutputFormat,
  type StreamTargetChunk,
} from 'mediabunny';
import { sendBytes } from './send-bytes';
import type { FrameRunner } from './frame-runner';

/** Container by file extension. */
export type Container = 'mp4' | 'webm' | 'mkv';

const FORMATS: Readonly<Record<Container, () => OutputFormat>> = {
  mp4: () => new Mp4OutputFormat(),
  webm: () => new WebMOutputFormat(),
  mkv: () => new MkvOutputFormat(),
};

const LOSSES: Readonly<Record<string, string>> = {
  unknown_source_codec: 'its format is unknown',
  undecodable_source_codec: 'this browser cannot decode it',
  no_encodable_target_codec: 'this browser cannot encode it for this kind of file; try .mkv',
  max_track_count_reached: 'this kind of file holds no more tracks; try .mkv',
  max_track_count_of_type_reached: 'this kind of file holds no more such tracks; try .mkv',
};

async function findVideoTrack(input: Input): Promise<InputVideoTrack> {
  if (!(await input.canRead())) throw new Error('it is not a video that can be read. Convert it to MP4, WebM or MKV first');
  const track = await input.getPrimaryVideoTrack();
  if (track === null) throw new Error('it has no video track, so there is nothing to style');
  if (!(await track.canDecode())) {
    throw new Error(`this browser cannot decode its video (${(await track.getCodec()) ?? 'unknown codec'}). Convert it to H.264, VP9 or AV1 first`);
  }
  return track;
}

/**
 * Styles a video.
 * @returns sentences about what could not be kept
 * @throws Error whose message completes “FILE could not be styled: …”
 */
export async function styleVideo(container: Container, runner: FrameRunner, onProgress: (share: number) => void): Promise<string[]> {
  const input = new Input({ source: new UrlSource('/render/input'), formats: ALL_FORMATS });
  try {
    const primary = await findVideoTrack(input);
    const writable = new WritableStream<StreamTargetChunk>({ write: ({ data, position }) => sendBytes(data, position) });
    const output = new Output({ format: FORMATS[container](), target: new StreamTarget(writable, { chunked: true }) });
    const conversion = await Conversion.init({
      input,
      output,
      showWarnings: false,
      video: (track) =>
        track.id !== primary.id
          ? { discard: true }
          : {
              // Rotated in the picture rather than in the metadata: the filter must see faces upright.
              allowTransformationMetadata: false,
              process: async (sample) => {
                const picture = await runner.run(sample.toVideoFrame());
                return new VideoSample(picture, { timestamp: sample.timestamp, duration: sample.duration });
              },
            },
    });
    const lost = conversion.discardedTracks.filter(({ reason }) => reason !== 'discarded_by_user');
    const lostVideo = lost.find(({ track }) => track.id === primary.id);
    if (lostVideo) throw new Error(`its picture could not be written as .${container}: ${LOSSES[lostVideo.reason] ?? lostVideo.reason}`);
    conversion.onProgress = (share) => onProgress(share);
    await conversion.execute();
    return lost.map(({ track, reason }) => `Its ${track.type} track ${track.number} was left out: ${LOSSES[reason] ?? reason}.`);
  } finally {
    input.dispose();
  }
}
