/** A picture of portraits by several networks, one row a portrait. */

/** One network, or the photo itself. */
export interface Column {
  readonly name: string;
  /** Draws a portrait by its number. */
  readonly draw: (index: number) => Promise<CanvasImageSource>;
}

const CELL_PX = 256;
const GAP_PX = 8;
const HEAD_PX = 34;

/** Draws the sheet; a PNG in base64. */
export async function drawSheet(columns: readonly Column[], rows: number): Promise<string> {
  const step = CELL_PX + GAP_PX;
  const canvas = new OffscreenCanvas(columns.length * step + GAP_PX, HEAD_PX + rows * step);
  const context = canvas.getContext('2d')!;
  context.fillStyle = 'white';
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.fillStyle = 'black';
  context.font = '600 16px sans-serif';
  context.textAlign = 'center';
  context.imageSmoothingQuality = 'high';
  for (const [column, { name, draw }] of columns.entries()) {
    const x = GAP_PX + column * step;
    context.fillText(name, x + CELL_PX / 2, HEAD_PX - 12);
    for (let row = 0; row < rows; row += 1) context.drawImage(await draw(row), x, HEAD_PX + row * step, CELL_PX, CELL_PX);
  }
  const bytes = new Uint8Array(await (await canvas.convertToBlob({ type: 'image/png' })).arrayBuffer());
  let text = '';
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text);
}
