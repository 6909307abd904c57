import { describe, expect, it } from 'vitest';
import { chooseModel } from '../../../sdk/assets/choose-model';
import { parseManifest } from '../../../sdk/assets/manifest';
import type { StylePack } from '../../../sdk/assets/style-pack';
import { tinyStyle } from '../../helpers/tiny-style';

const manifest = parseManifest(JSON.stringify(tinyStyle().manifest));
const packWith = (models: StylePack['models']) => ({ id: 'tiny', models }) as StylePack;
const both = packWith({ standard: 'tiny-standard', lite: 'tiny-lite' });
const card = { backend: 'webgpu', isSoftware: false } as const;
const softwareGpu = { backend: 'webgpu', isSoftware: true } as const;
const wasm = { backend: 'wasm', isSoftware: false } as const;

describe('chooseModel', () => {
  it.each([
    ['auto', card, 'tiny-standard'],
    ['auto', softwareGpu, 'tiny-lite'],
    ['auto', wasm, 'tiny-lite'],
    ['standard', wasm, 'tiny-standard'],
    ['lite', card, 'tiny-lite'],
  ] as const)('%s on %j is %s', (quality, host, id) => {
    expect(chooseModel(manifest, both, quality, host).id).toBe(id);
  });

  it('takes the other size where a style has only one', () => {
    expect(chooseModel(manifest, packWith({ standard: 'tiny-standard' }), 'lite', wasm).id).toBe('tiny-standard');
    expect(chooseModel(manifest, packWith({ lite: 'tiny-lite' }), 'standard', card).id).toBe('tiny-lite');
  });

  it('says which model the manifest lacks', () => {
    expect(() => chooseModel(manifest, packWith({ lite: 'lost' }), 'auto', wasm)).toThrow("Style 'tiny' names the model 'lost', which models/manifest.json does not list.");
  });
});
