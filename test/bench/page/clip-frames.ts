import { ALL_FORMATS, Input, UrlSource, VideoSampleSink, type VideoSample } from 'mediabunny';

/** Copies a decoded picture into memory of its own, so that keeping it does not hold a buffer of the decoder. */
async function detached(sample: VideoSample): Promise<VideoFrame> {
  const source = sample.toVideoFrame();
  try {
    const bytes = new Uint8Array(source.allocationSize());
    const layout = await source.copyTo(bytes);
    if (source.format === null) throw new Error('The clip decodes to a format that cannot be copied; use an 8-bit clip.');
    return new VideoFrame(bytes, {
      format: source.format,
      codedWidth: source.visibleRect!.width,
      codedHeight: source.visibleRect!.height,
      timestamp: source.timestamp,
      layout,
      colorSpace: source.colorSpace,
    });
  } finally {
    source.close();
  }
}

/**
 * Decodes the first frames of a clip. The caller closes them.
 * @throws Error when the clip has no video or fewer frames than asked for
 */
export async function decodeFrames(url: string, count: number): Promise<VideoFrame[]> {
  const input = new Input({ source: new UrlSource(url), formats: ALL_FORMATS });
  const frames: VideoFrame[] = [];
  try {
    const track = await input.getPrimaryVideoTrack();
    if (track === null) throw new Error(`${url} has no video track.`);
    for await (const sample of new VideoSampleSink(track).samples()) {
      frames.push(await detached(sample));
      sample.close();
      if (frames.length === count) return frames;
    }
    throw new Error(`${url} has ${frames.length} frames, fewer than the ${count} asked for; use --frames.`);
  } finally {
    input.dispose();
  }
}
