import type { InputVideoTrack, VideoSample } from 'mediabunny';

/**
 * Makes frames as they are to be looked at: phones store pictures lying on their side and say so beside them, and some
 * files have pixels that are not square. The filter has to see upright faces.
 * @returns a function from a decoded sample to a frame, which the caller closes
 */
export async function openUprighter(track: InputVideoTrack): Promise<(sample: VideoSample) => VideoFrame> {
  const width = await track.getDisplayWidth();
  const height = await track.getDisplayHeight();
  let context: OffscreenCanvasRenderingContext2D | undefined;
  return (sample) => {
    const isUpright = sample.rotation === 0 && !sample.flip && sample.codedWidth === sample.displayWidth && sample.codedHeight === sample.displayHeight;
    if (isUpright) return sample.toVideoFrame();
    context ??= new OffscreenCanvas(width, height).getContext('2d')!;
    sample.draw(context, 0, 0, width, height);
    return new VideoFrame(context.canvas, { timestamp: sample.microsecondTimestamp });
  };
}
