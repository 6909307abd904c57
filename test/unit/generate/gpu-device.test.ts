import { describe, expect, it } from 'vitest';
import { isSoftwareAdapter } from '../../../sdk/generate/gpu-device';

const hidden = { vendor: '', architecture: '', device: '', description: '' };

describe('isSoftwareAdapter', () => {
  it.each([
    ["Chromium's own fallback by its flag", { ...hidden, vendor: 'acme', isFallbackAdapter: true }, true],
    ["Google's SwiftShader by name", { ...hidden, vendor: 'google', architecture: 'swiftshader' }, true],
    ["Mesa's llvmpipe by name", { ...hidden, description: 'llvmpipe (LLVM 15.0.6, 256 bits)' }, true],
    ['a graphics card', { ...hidden, vendor: 'nvidia', architecture: 'ampere', isFallbackAdapter: false }, false],
  ])('knows %s, whatever WebGL runs on', (_, info, expected) => {
    expect([isSoftwareAdapter(info, true), isSoftwareAdapter(info, false)]).toEqual([expected, expected]);
  });

  it('follows WebGL where the adapter hides its name', () => {
    expect([isSoftwareAdapter(hidden, true), isSoftwareAdapter(hidden, false)]).toEqual([true, false]);
  });
});
