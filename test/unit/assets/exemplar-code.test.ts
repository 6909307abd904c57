import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { CODE_ROW_LENGTH, readCode } from '../../../sdk/assets/exemplar-code';
import type { FilterError } from '../../../sdk/errors';
import { FAKE_BASE, fakeOrigin } from '../../helpers/fake-origin';

afterEach(() => vi.unstubAllGlobals());

function read(body: Uint8Array | undefined, codeEncoding: 'float32' | 'uint8-gzip') {
  fakeOrigin(new Map(body ? [['one.bin', body]] : []));
  return readCode({ id: 'one', codeUrl: `${FAKE_BASE}one.bin`, codeEncoding });
}

const failure = (promise: Promise<unknown>) => promise.then(() => Promise.reject(new Error('It was not refused.')), (error: FilterError) => error);

describe('readCode', () => {
  it('reads floats', async () => {
    const values = Float32Array.from({ length: 2 * CODE_ROW_LENGTH }, (_, i) => i / 7);
    expect(await read(new Uint8Array(values.buffer), 'float32')).toEqual(values);
  });

  it("reads gzip'd bytes as 0…1", async () => {
    const bytes = Uint8Array.from({ length: CODE_ROW_LENGTH }, (_, i) => i % 256);
    const code = await read(gzipSync(bytes), 'uint8-gzip');
    expect([code.length, code[0], code[255], code[51]]).toEqual([CODE_ROW_LENGTH, 0, 1, Math.fround(0.2)]);
  });

  it.each([
    ['that is cut short', new Uint8Array(100), 'float32', 'asset-corrupt', "The code of look 'one' at http://assets.example/one.bin must hold rows of 512 values, but holds 25 values."],
    ['that is empty', new Uint8Array(0), 'float32', 'asset-corrupt', 'holds 0 values'],
    ['that is packed and damaged', gzipSync(new Uint8Array(600)).subarray(0, 16), 'uint8-gzip', 'asset-corrupt', 'cannot be unpacked'],
    ['that is neither packed nor whole', new Uint8Array(600), 'uint8-gzip', 'asset-corrupt', 'holds 600 values'],
    ['that is not there', undefined, 'float32', 'asset-missing', 'one.bin could not be fetched'],
  ] as const)('refuses a code %s', async (_, body, encoding, code, message) => {
    const error = await failure(read(body, encoding));
    expect(error.code).toBe(code);
    expect(error.message).toContain(message);
  });
});
