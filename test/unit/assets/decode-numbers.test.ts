import { gzipSync } from 'node:zlib';
import { expect, it } from 'vitest';
import { decodeNumbers } from '../../../sdk/assets/decode-numbers';

const HALVES = new Uint8Array([0x00, 0x3c, 0x00, 0xc0, 0x00, 0x38]);

it('reads gzip’d half floats as it reads plain ones', async () => {
  expect([...(await decodeNumbers(HALVES, 'float16'))]).toEqual([1, -2, 0.5]);
  expect([...(await decodeNumbers(new Uint8Array(gzipSync(HALVES)), 'float16-gzip'))]).toEqual([1, -2, 0.5]);
});

it('takes what a server has had unpacked on the way as it is', async () => {
  expect([...(await decodeNumbers(HALVES, 'float16-gzip'))]).toEqual([1, -2, 0.5]);
  expect([...(await decodeNumbers(new Uint8Array([0, 255]), 'uint8-gzip'))]).toEqual([0, 1]);
});

it('refuses damaged gzip', async () => {
  const damaged = new Uint8Array(gzipSync(HALVES)).subarray(0, 20);
  await expect(decodeNumbers(new Uint8Array(damaged), 'float16-gzip')).rejects.toThrow();
});
