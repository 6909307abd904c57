/** Builds the overlay's address: every control is a part of it, and a preview shows what comes of it. */
import { byId, make } from '../page/dom';
import { createSliders } from '../page/sliders';
import { loadStyles, showThumbs, type StyleEntry } from '../page/style-list';
import { createTheme } from '../page/theme';
import { listCameras } from './named-camera';
import { OVERLAY_DEFAULTS, parseParams, toQuery, type OverlayParams } from './overlay-params';

/** The preview starts anew once the controls have rested this long. */
const REST_MS = 600;

const OVERLAY_URL = new URL('./', location.href);
const ASSET_BASE = new URL('../../assets/', import.meta.url);

// An address that was built before can be given to this page to go on from there.
let { params } = parseParams(location.search);
let resting: ReturnType<typeof setTimeout> | undefined;

function addressOf(wanted: OverlayParams): string {
  const query = toQuery(wanted);
  return query === '' ? OVERLAY_URL.href : `${OVERLAY_URL.href}?${query}`;
}

function change(part: Partial<OverlayParams>): void {
  params = { ...params, ...part };
  byId('address', HTMLElement).textContent = addressOf(params);
  clearTimeout(resting);
  resting = setTimeout(showPreview, REST_MS);
}

function showPreview(): void {
  byId('preview', HTMLIFrameElement).src = addressOf({ ...params, debug: true });
}

function showStyles(styles: readonly StyleEntry[]): void {
  const current = styles.find(({ id }) => id === params.style) ?? styles[0]!;
  const covers = styles.map(({ id, name, looks }) => ({ id, name, thumbnailUrl: looks[0]?.thumbnailUrl ?? '' }));
  showThumbs(byId('styles', HTMLElement), 'style', covers, current.id, (id) => {
    change({ style: id, ...styles.find((style) => style.id === id)!.defaults });
    showStyles(styles);
  });
  showThumbs(byId('looks', HTMLElement), 'look', current.looks, params.exemplar || current.defaults.exemplar, (exemplar) => change({ exemplar }));
  createSliders(emptied('sliders'), (name, value) => change({ [name]: value })).set(params);
}

function emptied(id: string): HTMLElement {
  const element = byId(id, HTMLElement);
  element.replaceChildren();
  return element;
}

function listen(): void {
  for (const name of ['background', 'quality', 'backend', 'privacy', 'fit', 'fps', 'maxFaces'] as const) {
    const select = byId(name, HTMLSelectElement);
    select.value = String(params[name]);
    select.addEventListener('change', () => change({ [name]: typeof OVERLAY_DEFAULTS[name] === 'number' ? Number(select.value) : select.value }));
  }
  for (const name of ['mirror', 'debug'] as const) {
    const box = byId(name, HTMLInputElement);
    box.checked = params[name];
    box.addEventListener('change', () => change({ [name]: box.checked }));
  }
  const size = byId('size', HTMLSelectElement);
  size.value = `${params.width}×${params.height}`;
  size.addEventListener('change', () => {
    const [width, height] = size.value.split('×').map(Number);
    change({ width: width!, height: height! });
  });
  const camera = byId('camera', HTMLInputElement);
  camera.value = params.camera;
  camera.addEventListener('change', () => change({ camera: camera.value.trim() }));
  const copy = byId('copy', HTMLButtonElement);
  copy.addEventListener('click', () => {
    void navigator.clipboard.writeText(addressOf(params)).then(
      () => (copy.textContent = 'Copied'),
      () => (copy.textContent = 'Select it by hand'),
    );
  });
  byId('controls', HTMLFormElement).addEventListener('submit', (event) => event.preventDefault());
}

function say(error: unknown): void {
  const note = byId('note', HTMLElement);
  note.hidden = false;
  note.textContent = error instanceof Error ? error.message : String(error);
}

async function main(): Promise<void> {
  createTheme(byId('theme', HTMLButtonElement));
  listen();
  showStyles(await loadStyles(ASSET_BASE));
  change({});
  const cameras = await listCameras();
  byId('cameras', HTMLDataListElement).replaceChildren(...cameras.map(({ label }) => make('option', { value: label })));
}

main().catch(say);
