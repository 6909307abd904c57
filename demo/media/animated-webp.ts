/** Joins still WebP pictures into one that moves, without encoding anything again. */

/** What of a still picture goes into a frame: its pixels and their opacity. */
const PIXEL_CHUNKS = ['ALPH', 'VP8 ', 'VP8L'];
const ANIMATION_FLAG = 0x02;
/** A frame replaces the one before instead of lying over it. */
const NO_BLEND = 0x02;

/** How a moving picture plays. */
export interface AnimationOptions {
  readonly widthPx: number;
  readonly heightPx: number;
  /** Time that each picture shows, in milliseconds. */
  readonly frameMs: number;
}

/**
 * Makes a WebP that repeats for ever.
 * @param stills whole WebP files, all of the animation's size.
 * @throws Error when one of them is not a WebP.
 */
export function joinWebp(stills: readonly Uint8Array[], { widthPx, heightPx, frameMs }: AnimationOptions): Buffer {
  const header = chunk('VP8X', Buffer.concat([Buffer.from([ANIMATION_FLAG, 0, 0, 0]), uint24(widthPx - 1), uint24(heightPx - 1)]));
  // Background colour, and how often it plays: 0 is for ever.
  const animation = chunk('ANIM', Buffer.alloc(6));
  const place = [uint24(0), uint24(0), uint24(widthPx - 1), uint24(heightPx - 1), uint24(frameMs), Buffer.from([NO_BLEND])];
  const frames = stills.map((still) => chunk('ANMF', Buffer.concat([...place, ...pixelChunks(Buffer.from(still))])));
  return chunk('RIFF', Buffer.concat([Buffer.from('WEBP'), header, animation, ...frames]));
}

function pixelChunks(still: Buffer): Buffer[] {
  if (still.toString('latin1', 0, 4) !== 'RIFF' || still.toString('latin1', 8, 12) !== 'WEBP') throw new Error('A picture of the animation is not a WebP.');
  const found: Buffer[] = [];
  for (let at = 12; at + 8 <= still.length; ) {
    const end = at + 8 + still.readUInt32LE(at + 4);
    if (PIXEL_CHUNKS.includes(still.toString('latin1', at, at + 4))) found.push(chunk(still.toString('latin1', at, at + 4), still.subarray(at + 8, end)));
    at = end + (end % 2);
  }
  return found;
}

/** A name of four letters, a length, and contents filled up to an even length. */
function chunk(name: string, contents: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32LE(contents.length);
  return Buffer.concat([Buffer.from(name, 'latin1'), length, contents, Buffer.alloc(contents.length % 2)]);
}

function uint24(value: number): Buffer {
  const bytes = Buffer.alloc(3);
  bytes.writeUIntLE(value, 0, 3);
  return bytes;
}
