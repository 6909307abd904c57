/** The library's colour for a picture that may not be seen. */
const CARD_COLOR = 'rgb(128, 128, 128)';

/** A frame that shows nothing, for the time in which there is no styled one. The caller closes it. */
export function createCard(widthPx: number, heightPx: number): VideoFrame {
  const canvas = new OffscreenCanvas(widthPx, heightPx);
  const context = canvas.getContext('2d', { alpha: false })!;
  context.fillStyle = CARD_COLOR;
  context.fillRect(0, 0, widthPx, heightPx);
  return new VideoFrame(canvas, { timestamp: Math.round(performance.now() * 1000), alpha: 'discard' });
}
