/** Carries pictures between origins. A `VideoFrame` does not survive the way from one process to another; its bytes do. */
import type { FrameMessage } from './messages';

/**
 * The bytes of a frame. The frame stays the caller's.
 * @param frame Of a known pixel format.
 */
export async function packFrame(frame: VideoFrame): Promise<FrameMessage> {
  const { format, visibleRect } = frame;
  if (format === null || visibleRect === null) throw new Error('The frame cannot be packed: its pixels cannot be read.');
  const buffer = new ArrayBuffer(frame.allocationSize());
  const layout = await frame.copyTo(buffer);
  return { type: 'frame', buffer, layout, format, widthPx: visibleRect.width, heightPx: visibleRect.height, colorSpace: frame.colorSpace.toJSON() };
}

/** The frame again; it takes the message's bytes over and is the caller's to close. */
export function unpackFrame(message: FrameMessage): VideoFrame {
  const { buffer, layout, format, widthPx, heightPx, colorSpace } = message;
  // Cameras count from different zeros; the moment of arrival never jumps when one takes another's place.
  const timestamp = Math.round(performance.now() * 1000);
  const init = { format, codedWidth: widthPx, codedHeight: heightPx, timestamp, layout: [...layout], colorSpace, transfer: [buffer] };
  return new VideoFrame(buffer, init);
}
