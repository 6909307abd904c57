/** A softly blurred room in the evening, drawn rather than photographed. Runs in the browser. */

type Box = readonly [x: number, y: number, width: number, height: number, color: string];

const WALL: readonly (readonly [stop: number, color: string])[] = [
  [0, '#5f7178'],
  [0.55, '#7b8a8c'],
  [1, '#4a565c'],
];
/** In shares of the picture: a window on the left, a shelf with books on the right. */
const FURNITURE: readonly Box[] = [
  [0.0, 0.05, 0.25, 0.62, '#d9e4e2'],
  [0.118, 0.05, 0.013, 0.62, '#6d6f6a'],
  [0.0, 0.33, 0.25, 0.014, '#6d6f6a'],
  [-0.02, 0.66, 0.3, 0.03, '#8b8378'],
  [0.72, 0.3, 0.3, 0.024, '#6b4f3a'],
  [0.72, 0.62, 0.3, 0.024, '#6b4f3a'],
  [0.745, 0.13, 0.03, 0.17, '#b4533f'],
  [0.78, 0.1, 0.035, 0.2, '#2f5d62'],
  [0.82, 0.15, 0.028, 0.15, '#d2a24c'],
  [0.852, 0.11, 0.04, 0.19, '#44506b'],
  [0.9, 0.14, 0.03, 0.16, '#9c6b4a'],
  [0.76, 0.47, 0.09, 0.15, '#7f9a73'],
  [0.88, 0.43, 0.032, 0.19, '#c06b4b'],
  [0.917, 0.46, 0.04, 0.16, '#e0cfae'],
];

/** Draws the room at the given size. */
export function drawBackdrop(widthPx: number, heightPx: number): HTMLCanvasElement {
  const sharp = document.createElement('canvas');
  sharp.width = widthPx;
  sharp.height = heightPx;
  const context = sharp.getContext('2d')!;
  const wall = context.createLinearGradient(0, 0, widthPx, heightPx * 0.4);
  for (const [stop, color] of WALL) wall.addColorStop(stop, color);
  context.fillStyle = wall;
  context.fillRect(0, 0, widthPx, heightPx);
  for (const [x, y, width, height, color] of FURNITURE) {
    context.fillStyle = color;
    context.fillRect(x * widthPx, y * heightPx, width * widthPx, height * heightPx);
  }
  const lamp = context.createRadialGradient(0.66 * widthPx, 0.12 * heightPx, 0, 0.66 * widthPx, 0.12 * heightPx, 0.36 * widthPx);
  lamp.addColorStop(0, 'rgba(255, 214, 150, 0.85)');
  lamp.addColorStop(0.14, 'rgba(255, 205, 140, 0.4)');
  lamp.addColorStop(1, 'rgba(255, 200, 130, 0)');
  context.fillStyle = lamp;
  context.fillRect(0, 0, widthPx, heightPx);

  const soft = document.createElement('canvas');
  soft.width = widthPx;
  soft.height = heightPx;
  const out = soft.getContext('2d')!;
  out.filter = `blur(${Math.round(widthPx / 90)}px)`;
  // Drawn a little larger, so that the blur does not pull transparency in from the edges.
  out.drawImage(sharp, -0.03 * widthPx, -0.03 * heightPx, widthPx * 1.06, heightPx * 1.06);
  return soft;
}
