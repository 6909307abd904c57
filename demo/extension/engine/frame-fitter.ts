import type { Format } from '../common/messages';

type Size = Pick<Format, 'widthPx' | 'heightPx'>;

/** Brings frames to a size, cutting off what does not fit its shape, as cameras do. */
export class FrameFitter {
  #canvas: OffscreenCanvas | undefined;

  /** Lends `use` the frame in this size; where it has that size already, the frame itself. */
  async fit<T>(frame: VideoFrame, size: Size, use: (fitted: VideoFrame) => Promise<T>): Promise<T> {
    if (frame.displayWidth === size.widthPx && frame.displayHeight === size.heightPx && frame.format !== null) return use(frame);
    const fitted = this.#draw(frame, size);
    try {
      return await use(fitted);
    } finally {
      fitted.close();
    }
  }

  #draw(frame: VideoFrame, { widthPx, heightPx }: Size): VideoFrame {
    const canvas = (this.#canvas ??= new OffscreenCanvas(widthPx, heightPx));
    if (canvas.width !== widthPx || canvas.height !== heightPx) Object.assign(canvas, { width: widthPx, height: heightPx });
    const { displayWidth, displayHeight } = frame;
    const scale = Math.max(widthPx / displayWidth, heightPx / displayHeight);
    const [cutWidth, cutHeight] = [widthPx / scale, heightPx / scale];
    // Kept in memory rather than on the graphics card: its pixels are read at once.
    const context = canvas.getContext('2d', { alpha: false, willReadFrequently: true })!;
    context.drawImage(frame, (displayWidth - cutWidth) / 2, (displayHeight - cutHeight) / 2, cutWidth, cutHeight, 0, 0, widthPx, heightPx);
    return new VideoFrame(canvas, { timestamp: frame.timestamp, alpha: 'discard' });
  }
}
