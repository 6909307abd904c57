import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { chooseModel } from '../../../sdk/assets/choose-model';
import { parseManifest } from '../../../sdk/assets/manifest';
import type { StylePack } from '../../../sdk/assets/style-pack';
import { ROOT } from '../../helpers/serve';

const manifest = parseManifest(readFileSync(join(ROOT, 'models/manifest.json'), 'utf8'));
const styles = readdirSync(join(ROOT, 'filters'), { withFileTypes: true }).filter((entry) => entry.isDirectory()).map(({ name }) => name);
const card = { backend: 'webgpu', isSoftware: false } as const;
const wasm = { backend: 'wasm', isSoftware: false } as const;

describe.each(styles)('the shipped style %s', (style) => {
  const pack = JSON.parse(readFileSync(join(ROOT, 'filters', style, 'pack.json'), 'utf8')) as StylePack;
  const { standard, lite } = pack.models;

  it('takes the large model on a graphics card and the small one, if there is one, without', () => {
    expect(chooseModel(manifest, pack, 'auto', card).id).toBe(standard ?? lite);
    expect(chooseModel(manifest, pack, 'auto', wasm).id).toBe(lite ?? standard);
  });

  it('names its small model as what the large one falls back to', () => {
    const large = manifest.models.find(({ id }) => id === standard);
    const small = manifest.models.find(({ id }) => id === lite);
    expect(large?.fallback ?? undefined).toBe(lite);
    if (large === undefined || small === undefined) return;
    expect(small.fallback).toBeNull();
    expect(small.gmacs).toBeLessThan(large.gmacs / 2);
    // The pack's codes, and the crop that is followed, must fit both.
    expect([small.crop, small.styleHead.inputs]).toEqual([large.crop, large.styleHead.inputs]);
  });
});
