import { describe, expect, it } from 'vitest';
import { joinWebp } from '../../../demo/media/animated-webp';

function chunkOf(name: string, contents: readonly number[]): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32LE(contents.length);
  return Buffer.concat([Buffer.from(name), length, Buffer.from(contents), Buffer.alloc(contents.length % 2)]);
}

const stillOf = (...chunks: Buffer[]): Buffer => chunkOf('RIFF', [...Buffer.concat([Buffer.from('WEBP'), ...chunks])]);

/** Names, contents and places of the chunks of a file, as its readers find them. */
function chunksOf(bytes: Buffer): { name: string; contents: Buffer }[] {
  const found = [];
  for (let at = 0; at < bytes.length; ) {
    const length = bytes.readUInt32LE(at + 4);
    found.push({ name: bytes.toString('latin1', at, at + 4), contents: bytes.subarray(at + 8, at + 8 + length) });
    at += 8 + length + (length % 2);
  }
  return found;
}

describe('joinWebp', () => {
  const stills = [stillOf(chunkOf('VP8 ', [1, 2, 3])), stillOf(chunkOf('ICCP', [9]), chunkOf('VP8 ', [4, 5]))];
  const joined = joinWebp(stills, { widthPx: 300, heightPx: 200, frameMs: 100 });
  const [riff] = chunksOf(joined);
  const [header, animation, ...frames] = chunksOf(riff!.contents.subarray(4));

  it('is one file of the given size that plays for ever', () => {
    expect(riff!.name).toBe('RIFF');
    expect(joined.length).toBe(8 + riff!.contents.length);
    expect(riff!.contents.toString('latin1', 0, 4)).toBe('WEBP');
    expect([header!.name, header!.contents[0], header!.contents.readUIntLE(4, 3), header!.contents.readUIntLE(7, 3)]).toEqual(['VP8X', 2, 299, 199]);
    expect([animation!.name, animation!.contents.readUInt16LE(4)]).toEqual(['ANIM', 0]);
  });

  it('shows each picture’s pixels, and nothing else of it, for its time', () => {
    expect(frames.map(({ name }) => name)).toEqual(['ANMF', 'ANMF']);
    expect(frames.map(({ contents }) => contents.readUIntLE(12, 3))).toEqual([100, 100]);
    expect(frames.map(({ contents }) => chunksOf(contents.subarray(16)).map((each) => [each.name, [...each.contents]]))).toEqual([[['VP8 ', [1, 2, 3]]], [['VP8 ', [4, 5]]]]);
  });

  it('refuses what is no WebP', () => {
    expect(() => joinWebp([Buffer.from('not a picture')], { widthPx: 1, heightPx: 1, frameMs: 1 })).toThrow('not a WebP');
  });
});
