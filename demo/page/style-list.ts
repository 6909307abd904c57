import { make } from './dom';
import type { StyleDefaults } from './snippet';

/** Styles this page offers: folders under `assets/filters/`. */
const STYLE_IDS = ['comic', 'anime'];

interface PackFile {
  readonly id: string;
  readonly name: string;
  readonly models: Readonly<Record<string, string>>;
  readonly exemplars: readonly { readonly id: string; readonly name: string; readonly thumbnail: string }[];
  readonly defaults: StyleDefaults;
}

interface ManifestFile {
  readonly models: readonly { readonly id: string; readonly styleEncoder?: object | null }[];
}

/** A look as the page shows it. */
export interface Look {
  readonly id: string;
  readonly name: string;
  readonly thumbnailUrl: string;
}

/** A style as the page shows it. */
export interface StyleEntry {
  readonly id: string;
  readonly name: string;
  readonly looks: readonly Look[];
  readonly defaults: StyleDefaults;
  /** Whether it makes a look of a picture. */
  readonly encodes: boolean;
}

async function readJson(url: URL): Promise<unknown> {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`The styles could not be loaded (${response.status} at ${url.pathname}). Reload the page.`);
  return response.json();
}

async function readStyle(assetBase: URL, id: string, encoding: ReadonlySet<string>): Promise<StyleEntry> {
  const url = new URL(`filters/${id}/pack.json`, assetBase);
  const pack = (await readJson(url)) as PackFile;
  return {
    id,
    name: pack.name,
    defaults: pack.defaults,
    encodes: Object.values(pack.models).some((model) => encoding.has(model)),
    looks: pack.exemplars.map(({ id: lookId, name, thumbnail }) => ({ id: lookId, name, thumbnailUrl: new URL(thumbnail, url).href })),
  };
}

/** The styles with their looks. Throws a sentence when a pack cannot be read. */
export async function loadStyles(assetBase: URL): Promise<StyleEntry[]> {
  const { models } = (await readJson(new URL('models/manifest.json', assetBase))) as ManifestFile;
  const encoding = new Set(models.filter(({ styleEncoder }) => styleEncoder).map(({ id }) => id));
  return Promise.all(STYLE_IDS.map((id) => readStyle(assetBase, id, encoding)));
}

/** Fills a radio group with pictures; the arrow keys move the choice. */
export function showThumbs(
  root: HTMLElement,
  group: string,
  entries: readonly Look[],
  current: string,
  onChoose: (id: string) => void,
): void {
  root.replaceChildren(
    ...entries.map(({ id, name, thumbnailUrl }) => {
      const input = make('input', { type: 'radio', name: group, value: id, checked: id === current });
      input.addEventListener('change', () => onChoose(id));
      return make('label', {}, input, make('img', { src: thumbnailUrl, alt: '', loading: 'lazy', width: 96, height: 96 }), make('span', {}, name));
    }),
  );
}
