import { FilterError } from '../errors';
import type { Manifest, ModelEntry } from './manifest';
import type { StylePack } from './style-pack';

/** How much work a frame may cost: `auto` takes `standard` on a real GPU, else `lite`. */
export type Quality = 'auto' | 'standard' | 'lite';

/** What a network will run on, as far as the choice of its size goes. */
export interface ModelHost {
  readonly backend: 'webgpu' | 'wasm';
  /** Whether the WebGPU adapter is a program rather than a graphics card. */
  readonly isSoftware: boolean;
}

/**
 * The model to draw a style with. A style that lacks the wanted size gives the other one.
 * @throws FilterError `bad-option` when the pack names a model that the manifest does not list.
 */
export function chooseModel(manifest: Manifest, pack: StylePack, quality: Quality, host: ModelHost): ModelEntry {
  const wanted = quality === 'auto' ? (host.backend === 'webgpu' && !host.isSoftware ? 'standard' : 'lite') : quality;
  const id = pack.models[wanted] ?? pack.models[wanted === 'lite' ? 'standard' : 'lite'] ?? pack.models.hd;
  const entry = manifest.models.find((model) => model.id === id);
  if (entry) return entry;
  throw new FilterError(
    'bad-option',
    `Style '${pack.id}' names the model '${id}', which models/manifest.json does not list. Use a pack and a manifest of the same release.`,
    { stage: 'load', fatal: true },
  );
}
