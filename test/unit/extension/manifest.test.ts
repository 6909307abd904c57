import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import manifest from '../../../demo/extension/manifest.json';
import { ROOT } from '../../helpers/serve';

const ICON = { '16': 'icons/16.png', '32': 'icons/32.png', '48': 'icons/48.png', '128': 'icons/128.png' };

describe('the manifest', () => {
  it('names an icon for the list of extensions and for the toolbar', () => {
    expect(manifest.icons).toEqual(ICON);
    expect(manifest.action.default_icon).toEqual(ICON);
  });

  it.each(Object.entries(ICON))('has an icon of %s px that is as large as it says', (sizePx, file) => {
    const png = readFileSync(join(ROOT, 'demo/extension', file));
    expect(png.subarray(1, 4).toString()).toBe('PNG');
    // Width and height are the first fields of the first chunk.
    expect([png.readUInt32BE(16), png.readUInt32BE(20)]).toEqual([Number(sizePx), Number(sizePx)]);
  });

  it('asks for no more than the camera needs, and runs nothing from elsewhere', () => {
    expect(manifest.permissions).toEqual(['offscreen', 'storage']);
    expect(Object.keys(manifest)).not.toContain('host_permissions');
    expect(manifest.content_security_policy.extension_pages).toContain("script-src 'self' 'wasm-unsafe-eval';");
  });
});
