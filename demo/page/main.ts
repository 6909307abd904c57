/** The demo: wires the controls to one filter on one `<video>`. */
import { StyleFilter, type FilterError, type FilterHandle, type LoadProgress } from '../../sdk/index';
import { byId } from './dom';
import { wordsFor, wordsForCamera } from './problems';
import { DEFAULTS, toLiveOptions, toStyleOptions, type Settings } from './settings';
import { createSliders } from './sliders';
import { snippetFor } from './snippet';
import { createStageView } from './stage-view';
import { readFaceModelKind, showStats } from './stats-view';
import { loadStyles, showThumbs, type StyleEntry } from './style-list';
import { createTheme } from './theme';
import { createVideoSource } from './video-source';

const ASSET_BASE = new URL('../../assets/', import.meta.url);
const SAMPLE_URL = new URL('../media/sample.webm', import.meta.url).href;

const stage = createStageView();
const video = byId('video', HTMLVideoElement);
const problem = byId('problem', HTMLElement);
const problemText = byId('problem-text', HTMLElement);
const note = byId('note', HTMLElement);
const source = createVideoSource(video, SAMPLE_URL, () => {
  showProblem('The camera has gone away. Connect it again, or watch the sample clip.');
  void choose('sample');
});
const faceModel = readFaceModelKind(ASSET_BASE);

let styles: StyleEntry[] = [];
let settings: Settings = { ...DEFAULTS, style: '', exemplar: '' };
let filter: FilterHandle | undefined;

function showProblem(text: string | undefined): void {
  problem.hidden = text === undefined;
  problemText.textContent = text ?? '';
}

function showNote(text: string | undefined): void {
  note.hidden = text === undefined;
  note.textContent = text ?? '';
}

function showProgress({ asset, loadedBytes, totalBytes }: LoadProgress): void {
  if (loadedBytes >= totalBytes) return stage.setLoading('Getting ready …');
  stage.setLoading(`Loading ${asset} (${(totalBytes / 1e6).toFixed(1)} MB) …`, loadedBytes / totalBytes);
}

function takeError(error: FilterError): void {
  if (error.fatal) showProblem(wordsFor(error));
  else showNote(error.message);
}

async function startFilter(): Promise<void> {
  stage.setLoading('Starting …');
  try {
    const started = await StyleFilter.attach(video, {
      style: toStyleOptions(settings),
      ...toLiveOptions(settings),
      assetBase: ASSET_BASE,
      output: 'none',
      onProgress: showProgress,
    });
    filter = started;
    started.error$.subscribe(takeError);
    started.stats$.subscribe((stats) => void faceModel.then((kind) => showStats(byId('figures', HTMLElement), byId('stages', HTMLElement), stats, kind)));
    started.state$.subscribe((state) => {
      stage.setLoading(state === 'loading' ? 'Loading the style …' : undefined);
      if (state === 'running') stage.setCanvas(started.canvas);
    });
  } catch (error) {
    stage.setLoading(undefined);
    showProblem(wordsFor(error));
  }
}

function currentStyle(): StyleEntry {
  const found = styles.find(({ id }) => id === settings.style);
  if (!found) throw new Error(`The page does not know the style "${settings.style}".`);
  return found;
}

function showSnippet(): void {
  byId('code', HTMLElement).textContent = snippetFor(settings, currentStyle().defaults);
}

/** Changes settings and brings them into force; an error leaves the old picture and is said. */
async function change(part: Partial<Settings>): Promise<void> {
  settings = { ...settings, ...part };
  showSnippet();
  stage.setBackground(settings.background);
  if (!filter) return;
  try {
    await filter.setOptions({ ...toLiveOptions(settings), style: toStyleOptions(settings) });
  } catch (error) {
    showProblem(wordsFor(error));
  }
}

function showStyle(): void {
  const style = currentStyle();
  const cover = (entry: StyleEntry): string => (entry.looks.find(({ id }) => id === entry.defaults.exemplar) ?? entry.looks[0])?.thumbnailUrl ?? '';
  const covers = styles.map((entry) => ({ id: entry.id, name: entry.name, thumbnailUrl: cover(entry) }));
  showThumbs(byId('styles', HTMLElement), 'style', covers, style.id, (id) => {
    const chosen = styles.find((entry) => entry.id === id);
    if (chosen) void change({ style: id, ...chosen.defaults, mix: undefined }).then(showStyle);
  });
  showThumbs(byId('looks', HTMLElement), 'look', style.looks, settings.mix ? '' : settings.exemplar, (exemplar) => void change({ exemplar, mix: undefined }));
  byId('encode', HTMLElement).hidden = !style.encodes;
  sliders.set(settings);
}

/** Makes a look of a picture of one's own. */
async function takePicture(picture: File): Promise<void> {
  try {
    const { mix } = await StyleFilter.encode(picture, { style: settings.style, assetBase: ASSET_BASE });
    await change({ mix });
    showStyle();
  } catch (error) {
    showProblem(wordsFor(error));
  }
}

async function choose(wanted: 'sample' | 'camera'): Promise<void> {
  try {
    await (wanted === 'camera' ? source.playCamera() : source.playSample());
    setMirrored(wanted === 'camera');
    if (wanted === 'camera') showProblem(undefined);
  } catch (error) {
    showProblem(wordsForCamera(error));
    wanted = 'sample';
  }
  for (const input of document.querySelectorAll<HTMLInputElement>('input[name="source"]')) input.checked = input.value === wanted;
}

function setMirrored(mirrored: boolean): void {
  byId('mirror', HTMLInputElement).checked = mirrored;
  stage.setMirrored(mirrored);
}

function setPaused(button: HTMLButtonElement, paused: boolean): void {
  button.setAttribute('aria-pressed', String(paused));
  button.textContent = paused ? 'Go on' : 'Pause';
  if (paused) {
    video.pause();
    filter?.pause();
  } else {
    void video.play();
    filter?.resume();
  }
}

const sliders = createSliders(byId('sliders', HTMLElement), (name, value) => void change({ [name]: value }));

function listen(): void {
  const radios = (id: string, take: (value: string) => void): void => {
    byId(id, HTMLElement).addEventListener('change', ({ target }) => target instanceof HTMLInputElement && take(target.value));
  };
  const selects = (id: string, take: (value: string) => void): void => {
    const select = byId(id, HTMLSelectElement);
    select.addEventListener('change', () => take(select.value));
  };
  radios('source', (value) => void choose(value === 'camera' ? 'camera' : 'sample'));
  radios('background', (value) => void change({ background: value as Settings['background'] }));
  selects('quality', (value) => void change({ quality: value as Settings['quality'] }));
  selects('backend', (value) => void change({ backend: value as Settings['backend'] }));
  selects('faces', (value) => void change({ maxFaces: Number(value) }));
  selects('privacy', (value) => void change({ privacy: value as Settings['privacy'] }));

  const picture = byId('picture', HTMLInputElement);
  picture.addEventListener('change', () => {
    const [file] = picture.files ?? [];
    if (file) void takePicture(file);
    picture.value = '';
  });
  const compare = byId('compare', HTMLInputElement);
  compare.addEventListener('change', () => stage.setComparing(compare.checked));
  const mirror = byId('mirror', HTMLInputElement);
  mirror.addEventListener('change', () => stage.setMirrored(mirror.checked));
  const pause = byId('pause', HTMLButtonElement);
  pause.addEventListener('click', () => setPaused(pause, pause.getAttribute('aria-pressed') !== 'true'));
  byId('problem-close', HTMLButtonElement).addEventListener('click', () => showProblem(undefined));
  byId('controls', HTMLFormElement).addEventListener('submit', (event) => event.preventDefault());
  const copy = byId('copy', HTMLButtonElement);
  copy.addEventListener('click', () => {
    void navigator.clipboard.writeText(byId('code', HTMLElement).textContent ?? '').then(
      () => (copy.textContent = 'Copied'),
      () => (copy.textContent = 'Select it by hand'),
    );
  });
}

async function explainSpeed(): Promise<void> {
  const { webgpu, supported, reasons } = await StyleFilter.support();
  if (!supported) showProblem(`This browser cannot run the filter: ${reasons.join(' ')}`);
  else if (webgpu !== 'gpu') {
    showNote('WebGPU on a graphics card is not available here, so the small network runs on the processor (WASM): fewer frames a second, the same look.');
  }
}

async function main(): Promise<void> {
  createTheme(byId('theme', HTMLButtonElement));
  listen();
  stage.setLoading('Loading the styles …');
  const playing = choose('sample');
  try {
    styles = await loadStyles(ASSET_BASE);
  } catch (error) {
    stage.setLoading(undefined);
    showProblem(wordsFor(error));
    return;
  }
  const first = styles[0]!;
  settings = { ...settings, style: first.id, ...first.defaults };
  showStyle();
  showSnippet();
  void explainSpeed();
  await playing;
  await startFilter();
}

void main();
