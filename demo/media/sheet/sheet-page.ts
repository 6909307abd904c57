/** Page side of the contact sheet: draws every person in every look with the built library. */

/** What to draw. */
export interface SheetPlan {
  readonly style: string;
  readonly looks: readonly { readonly id: string; readonly name: string }[];
  /** Addresses of the pictures. */
  readonly people: readonly string[];
  readonly quality: 'standard' | 'lite';
}

const CELL_PX = 232;
const GAP_PX = 10;
const HEAD_PX = 44;
const MARGIN_PX = 18;
const PAPER = '#f7f3ea';
const INK = '#1d1b19';
const JPEG_QUALITY = 0.8;

/** The library as it is built. */
const SDK_URL = '/sdk/index.js';

const columnX = (column: number): number => MARGIN_PX + column * (CELL_PX + GAP_PX);
const rowY = (row: number): number => HEAD_PX + row * (CELL_PX + GAP_PX);

function openSheet(columns: number, rows: number): { canvas: HTMLCanvasElement; context: CanvasRenderingContext2D } {
  const canvas = document.createElement('canvas');
  canvas.width = columnX(columns) - GAP_PX + MARGIN_PX;
  canvas.height = rowY(rows) - GAP_PX + MARGIN_PX;
  const context = canvas.getContext('2d')!;
  context.fillStyle = PAPER;
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.imageSmoothingQuality = 'high';
  return { canvas, context };
}

function drawHeads(context: CanvasRenderingContext2D, heads: readonly string[]): void {
  context.fillStyle = INK;
  context.font = '600 17px system-ui, "DejaVu Sans", sans-serif';
  context.textAlign = 'center';
  heads.forEach((head, column) => context.fillText(head, columnX(column) + CELL_PX / 2, HEAD_PX - 15));
}

/** Draws the sheet; returns a JPEG data URL. Throws when no face is found in one of the pictures. */
export async function drawSheet({ style, looks, people, quality }: SheetPlan): Promise<string> {
  const { StyleFilter } = (await import(SDK_URL)) as typeof import('../../../sdk/index');
  const { canvas, context } = openSheet(looks.length + 1, people.length);
  drawHeads(context, ['Photo', ...looks.map(({ name }) => name)]);
  const pictures = await Promise.all(people.map(async (url) => createImageBitmap(await (await fetch(url)).blob())));
  pictures.forEach((picture, row) => context.drawImage(picture, columnX(0), rowY(row), CELL_PX, CELL_PX));

  const processor = await StyleFilter.createProcessor({ style, quality }, 'still');
  try {
    for (const [column, { id }] of looks.entries()) {
      await processor.setOptions({ style: { id: style, exemplar: id } });
      for (const [row, original] of pictures.entries()) {
        const { picture, faces, error } = await processor.process(await createImageBitmap(original));
        if (error) throw error;
        if (faces === 0) throw new Error(`No face was found in ${people[row]}.`);
        context.drawImage(picture, columnX(column + 1), rowY(row), CELL_PX, CELL_PX);
        picture.close();
      }
    }
  } finally {
    await processor.close();
  }
  return canvas.toDataURL('image/jpeg', JPEG_QUALITY);
}
