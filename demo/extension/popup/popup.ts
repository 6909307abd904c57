/** The popup: what the camera shows, and every setting of it. */
import { byId } from '../../page/dom';
import { createSliders } from '../../page/sliders';
import { loadStyles, showThumbs, type StyleEntry } from '../../page/style-list';
import { readSettings, writeSettings, type CameraSettings } from '../common/settings';
import { allowedCameras, showCameras } from './camera-list';
import { createPreview } from './preview';

const SELECTS = ['background', 'privacy', 'quality'] as const;

const problem = byId('problem', HTMLElement);
const preview = createPreview(byId('preview', HTMLCanvasElement), byId('preview-text', HTMLElement), showProblem);
let settings: CameraSettings;

function showProblem(text: string): void {
  problem.hidden = text === '';
  problem.textContent = text;
}

async function change(part: Partial<CameraSettings>): Promise<void> {
  settings = { ...settings, ...part };
  await writeSettings(settings);
}

function showStyles(styles: readonly StyleEntry[]): void {
  const current = styles.find(({ id }) => id === settings.style) ?? styles[0]!;
  const covers = styles.map(({ id, name, looks }) => ({ id, name, thumbnailUrl: looks[0]?.thumbnailUrl ?? '' }));
  showThumbs(byId('styles', HTMLElement), 'style', covers, current.id, (id) => {
    const chosen = styles.find((style) => style.id === id)!;
    void change({ style: id, ...chosen.defaults });
    showStyles(styles);
  });
  showThumbs(byId('looks', HTMLElement), 'look', current.looks, settings.exemplar || current.defaults.exemplar, (exemplar) => void change({ exemplar }));
  sliders.set(settings);
}

const sliders = createSliders(byId('sliders', HTMLElement), (name, value) => void change({ [name]: value }));

function showSwitch(): void {
  byId('on', HTMLInputElement).checked = settings.on;
  byId('on-text', HTMLElement).textContent = settings.on ? 'On' : 'Off';
  if (settings.on) preview.start();
  else preview.stop();
}

function listen(): void {
  const on = byId('on', HTMLInputElement);
  on.addEventListener('change', () => void change({ on: on.checked }).then(showSwitch));
  const anyCamera = byId('any-camera', HTMLInputElement);
  anyCamera.checked = settings.anyCamera;
  anyCamera.addEventListener('change', () => void change({ anyCamera: anyCamera.checked }));
  for (const name of SELECTS) {
    const select = byId(name, HTMLSelectElement);
    select.value = settings[name];
    select.addEventListener('change', () => void change({ [name]: select.value }));
  }
  const camera = byId('camera', HTMLSelectElement);
  camera.addEventListener('change', () => void change({ cameraId: camera.value }));
  byId('allow', HTMLButtonElement).addEventListener('click', () => void chrome.tabs.create({ url: 'camera-access.html' }));
  byId('controls', HTMLFormElement).addEventListener('submit', (event) => event.preventDefault());
}

async function main(): Promise<void> {
  settings = await readSettings();
  listen();
  showStyles(await loadStyles(new URL('assets/', location.href)));
  const cameras = await allowedCameras();
  byId('allow', HTMLButtonElement).hidden = cameras !== undefined;
  showCameras(byId('camera', HTMLSelectElement), cameras ?? [], settings.cameraId);
  if (cameras === undefined) showProblem('This extension may not use a camera yet.');
  else showSwitch();
}

main().catch((error: unknown) => showProblem(error instanceof Error ? error.message : String(error)));
