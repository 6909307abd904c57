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
  VideoSampleSink,
  WebMOutputFormat,
  type InputVideoTrack,
  type OutputFormat,
  type StreamTargetChunk,
  type VideoSampleSource,
} from 'mediabunny';
import { openEncoder } from './open-encoder';
import { sendBytes } from './send-bytes';
import type { FrameRunner } from './frame-runner';
import { openUprighter } from './upright';

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

/** How far the sound may be ahead of the picture, so that the two lie close together in the file. */
const SOUND_AHEAD_S = 1;

async function findVideoTrack(input: Input): Promise<InputVideoTrack> {
  if (!(await input.canRead())) throw new Error('it is not a video that can be read. Convert it to MP4, WebM or MKV first');
  const track = await input.getPrimaryVideoTrack();
  if (track === null) throw new Error('it has no video track, so there is nothing to style');
  if (!(await track.canDecode())) {
    throw new Error(`this browser cannot decode its video (${(await track.getCodec()) ?? 'unknown codec'}). Convert it to H.264, VP9 or AV1 first`);
  }
  return track;
}

/** Bytes handed over at once; small enough that a full disk is noticed soon. */
const CHUNK_BYTES = 2 ** 20;

interface FrameRun {
  readonly track: InputVideoTrack;
  readonly encoder: VideoSampleSource;
  readonly runner: FrameRunner;
  /** Input time that becomes 0. */
  readonly startS: number;
  /** Called before each frame with its time in the output. */
  readonly onTime: (timeS: number) => Promise<void>;
}

/** Frames without a length, as Matroska's last one often is, get that of the frame before. */
async function styleFrames({ track, encoder, runner, startS, onTime }: FrameRun): Promise<void> {
  const upright = await openUprighter(track);
  let previousS: number | undefined;
  let stepS = 0;
  for await (const sample of new VideoSampleSink(track).samples()) {
    try {
      const timeS = sample.timestamp - startS;
      // A time before the start means “decode, but do not show”.
      if (timeS < 0 && timeS + sample.duration <= 0) continue;
      if (previousS !== undefined) stepS = timeS - previousS;
      previousS = timeS;
      await onTime(timeS);
      const picture = await runner.run(upright(sample));
      const styled = new VideoSample(picture, { timestamp: Math.max(0, timeS), duration: sample.duration > 0 ? sample.duration : stepS });
      try {
        await encoder.add(styled);
      } finally {
        styled.close();
      }
    } finally {
      sample.close();
    }
  }
}

/**
 * Styles a video.
 * @param onProgress told the share that is done, 0…1, and the frames
 * @returns the runner, and sentences about what could not be kept
 * @throws Error whose message completes “FILE could not be styled: …”
 */
export async function styleVideo(
  inputUrl: string,
  container: Container,
  openRunner: () => Promise<FrameRunner>,
  onProgress: (share: number, frames: number) => void,
): Promise<{ runner: FrameRunner; notes: readonly string[] }> {
  const input = new Input({ source: new UrlSource(inputUrl), formats: ALL_FORMATS });
  const writable = new WritableStream<StreamTargetChunk>({ write: ({ data, position }) => sendBytes(data, position) });
  const output = new Output({ format: FORMATS[container](), target: new StreamTarget(writable, { chunked: true, chunkSize: CHUNK_BYTES }) });
  try {
    const track = await findVideoTrack(input);
    const encoder = await openEncoder(track, output.format, container);
    output.addVideoTrack(encoder);
    const startS = Math.max(0, await input.getFirstTimestamp());
    const sound = await Conversion.init({ input, output, composable: true, showWarnings: false, video: { discard: true }, trim: { start: startS } });
    output.setMetadataTags(await input.getMetadataTags());
    const durationS = ((await input.getDurationFromMetadata()) ?? (await input.computeDuration())) - startS;
    const runner = await openRunner();

    await output.start();
    let soundUntilS = 0;
    const onTime = async (timeS: number): Promise<void> => {
      onProgress(Math.min(1, Math.max(0, timeS / durationS)), runner.frames);
      if (timeS < soundUntilS) return;
      soundUntilS = timeS + SOUND_AHEAD_S;
      await sound.execute({ until: soundUntilS });
    };
    await styleFrames({ track, encoder, runner, startS, onTime });
    encoder.close();
    await sound.execute();
    await output.finalize();
    onProgress(1, runner.frames);
    return { runner, notes: lossesOf(sound) };
  } catch (error) {
    await output.cancel().catch(() => undefined);
    throw error;
  } finally {
    input.dispose();
  }
}

function lossesOf({ discardedTracks }: Conversion): string[] {
  return discardedTracks
    .filter(({ reason }) => reason !== 'discarded_by_user')
    .map(({ track, reason }) => `Its ${track.type} track ${track.number} was left out: ${LOSSES[reason] ?? reason}.`);
}
