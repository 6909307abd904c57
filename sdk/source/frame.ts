import type { Frame } from '../types';

/** Makes frames and knows how many of them are still open. */
export class FrameLedger {
  #open = 0;

  /** Frames taken and not closed yet. */
  get openFrames(): number {
    return this.#open;
  }

  /** Takes over a picture; closing the frame closes it. */
  take(image: VideoFrame | ImageBitmap, timestampUs: number): Frame {
    const [widthPx, heightPx] = sizeOf(image);
    this.#open += 1;
    let open = true;
    return {
      image,
      timestampUs,
      widthPx,
      heightPx,
      close: () => {
        if (!open) return;
        open = false;
        this.#open -= 1;
        image.close();
      },
    };
  }
}

function sizeOf(image: VideoFrame | ImageBitmap): readonly [number, number] {
  return 'displayWidth' in image ? [image.displayWidth, image.displayHeight] : [image.width, image.height];
}
