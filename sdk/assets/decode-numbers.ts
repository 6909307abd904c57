import { halfToFloat } from './half';

/**
 * How numbers are written in asset files, little-endian: floats of 32 or 16 bits, the latter gzip'd too; bytes that stand
 * for −1…1 (pictures); gzip'd bytes that stand for 0…1 (style codes that hold drawings).
 */
export const NUMBER_ENCODINGS = ['float32', 'float16', 'float16-gzip', 'uint8', 'uint8-gzip'] as const;
/** One of {@link NUMBER_ENCODINGS}. */
export type NumberEncoding = (typeof NUMBER_ENCODINGS)[number];

/** Reads the numbers of a file; bytes left over at its end are ignored. Rejects when gzip'd bytes are damaged. */
export async function decodeNumbers(bytes: Uint8Array<ArrayBuffer>, encoding: NumberEncoding): Promise<Float32Array> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  switch (encoding) {
    case 'float32':
      return Float32Array.from({ length: bytes.byteLength >> 2 }, (_, i) => view.getFloat32(4 * i, true));
    case 'float16':
      return Float32Array.from({ length: bytes.byteLength >> 1 }, (_, i) => halfToFloat(view.getUint16(2 * i, true)));
    case 'float16-gzip':
      return decodeNumbers(await gunzip(bytes), 'float16');
    case 'uint8':
      return Float32Array.from(bytes, (byte) => byte / 127.5 - 1);
    case 'uint8-gzip':
      return Float32Array.from(await gunzip(bytes), (byte) => byte / 255);
  }
}

/** Some servers declare a `.gz` file to be encoded on the way, and the browser has then unpacked it already. */
async function gunzip(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes;
  const plain = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('gzip'));
  return new Uint8Array(await new Response(plain).arrayBuffer());
}
