import { getFirstEncodableVideoCodec, Quality, VideoSampleSource, type InputVideoTrack, type OutputFormat } from 'mediabunny';

const QUALITY = new Quality('high');

/**
 * An encoder for pictures of the track's displayed size, in the first codec of the container that this browser encodes.
 * @throws Error when there is none
 */
export async function openEncoder(track: InputVideoTrack, format: OutputFormat, container: string): Promise<VideoSampleSource> {
  const width = await track.getDisplayWidth();
  const height = await track.getDisplayHeight();
  const codec = await getFirstEncodableVideoCodec(format.getSupportedVideoCodecs(), { width, height, quality: QUALITY });
  if (codec === null) throw new Error(`this browser encodes no video of ${width}×${height} for .${container}. Try .webm`);
  return new VideoSampleSource({ codec, quality: QUALITY, latencyMode: 'quality', sizeChangeBehavior: 'contain' });
}
