/** Small media files for tests, made without an encoder: packets of the demo's clip beside plain PCM sound. */
import {
  BufferTarget,
  EncodedAudioPacketSource,
  EncodedPacket,
  EncodedPacketSink,
  EncodedVideoPacketSource,
  FilePathSource,
  Input,
  MkvOutputFormat,
  Output,
  ALL_FORMATS,
  type InputAudioTrack,
  type InputVideoTrack,
} from 'mediabunny';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ROOT } from './serve';

const SAMPLE_RATE = 8000;
const PACKET_S = 0.1;

/** What a made file holds. */
export interface MadeMedia {
  /** Frames of the demo's clip from its start; 0 for none. */
  readonly frames: number;
  /** Seconds of sound; 0 for none. */
  readonly soundS: number;
}

/** One tenth of a second of a tone, 16 bits, one channel. */
function tonePacket(index: number): EncodedPacket {
  const samples = new Int16Array(SAMPLE_RATE * PACKET_S);
  samples.forEach((_, i) => (samples[i] = 8000 * Math.sin((2 * Math.PI * 440 * (index * samples.length + i)) / SAMPLE_RATE)));
  return new EncodedPacket(new Uint8Array(samples.buffer), 'key', index * PACKET_S, PACKET_S);
}

async function copyFrames(source: EncodedVideoPacketSource, frames: number): Promise<void> {
  const input = new Input({ source: new FilePathSource(join(ROOT, 'demo/media/sample.webm')), formats: ALL_FORMATS });
  const track = (await input.getPrimaryVideoTrack())!;
  const decoderConfig = (await track.getDecoderConfig())!;
  let copied = 0;
  for await (const packet of new EncodedPacketSink(track).packets()) {
    if (copied === frames) break;
    await source.add(packet, { decoderConfig });
    copied += 1;
  }
  input.dispose();
}

/** Writes a Matroska file. */
export async function makeMedia(path: string, { frames, soundS }: MadeMedia): Promise<void> {
  const output = new Output({ format: new MkvOutputFormat(), target: new BufferTarget() });
  const video = new EncodedVideoPacketSource('vp9');
  const audio = new EncodedAudioPacketSource('pcm-s16');
  if (frames > 0) output.addVideoTrack(video);
  if (soundS > 0) output.addAudioTrack(audio);
  await output.start();
  if (frames > 0) await copyFrames(video, frames);
  const decoderConfig = { codec: 'pcm-s16', sampleRate: SAMPLE_RATE, numberOfChannels: 1 };
  for (let i = 0; i < Math.round(soundS / PACKET_S); i++) await audio.add(tonePacket(i), { decoderConfig });
  await output.finalize();
  await writeFile(path, new Uint8Array(output.target.buffer!));
}

/** What is in a media file. */
export interface MediaContent {
  readonly videoCodec: string | null | undefined;
  readonly audioCodec: string | null | undefined;
  readonly widthPx: number | undefined;
  readonly heightPx: number | undefined;
  /** Start of each frame in seconds, in order of display. */
  readonly frameTimesS: readonly number[];
  /** All bytes of sound. */
  readonly sound: Uint8Array;
  readonly soundS: number;
}

async function frameTimes(track: InputVideoTrack): Promise<number[]> {
  const times: number[] = [];
  for await (const { timestamp } of new EncodedPacketSink(track).packets()) times.push(timestamp);
  return times.sort((a, b) => a - b);
}

async function soundOf(track: InputAudioTrack): Promise<{ sound: Uint8Array; soundS: number }> {
  const parts: Uint8Array[] = [];
  let soundS = 0;
  for await (const { data, timestamp, duration } of new EncodedPacketSink(track).packets()) {
    parts.push(data);
    soundS = timestamp + duration;
  }
  return { sound: Buffer.concat(parts), soundS };
}

/** Reads a media file. */
export async function readMedia(path: string): Promise<MediaContent> {
  const input = new Input({ source: new FilePathSource(path), formats: ALL_FORMATS });
  try {
    const video = await input.getPrimaryVideoTrack();
    const audio = await input.getPrimaryAudioTrack();
    return {
      videoCodec: await video?.getCodec(),
      audioCodec: await audio?.getCodec(),
      widthPx: await video?.getDisplayWidth(),
      heightPx: await video?.getDisplayHeight(),
      frameTimesS: video ? await frameTimes(video) : [],
      ...(audio ? await soundOf(audio) : { sound: new Uint8Array(), soundS: 0 }),
    };
  } finally {
    input.dispose();
  }
}
