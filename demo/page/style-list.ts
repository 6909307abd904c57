import { make } from './dom';
import type { StyleDefaults } from './snippet';

/** Styles this page offers: folders under `assets/filters/`. */
const STYLE_IDS = ['comic', 'anime'];

interface PackFile {
  readonly id: string;
  readonly name: string;
  readonly exemplars: readonly { readonly id: string; readonly name: string; readonly thumbnail: string }[];
  readonly defaults: StyleDefaults;
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
}

async function readStyle(assetBase: URL, id: string): Promise<StyleEntry> {
  const url = new URL(`filters/${id}/pack.json`, assetBase);
  const response = await fetch(url);
  if (!response.ok) throw new Error(`The style “${id}” could not be loaded (${response.status} at ${url.pathname}). Reload the page.`);
  const pack = (await response.json()) as PackFile;
  return {
    id,
    name: pack.name,
    defaults: pack.defaults,
    looks: pack.exemplars.map(({ id: lookId, name, thumbnail }) => ({ id: lookId, name, thumbnailUrl: new URL(thumbnail, url).href })),
  };
}

/** The styles with their looks. Throws a sentence when a pack cannot be read. */
export function loadStyles(assetBase: URL): Promise<StyleEntry[]> {
  return Promise.all(STYLE_IDS.map((id) => readStyle(assetBase, id)));
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
