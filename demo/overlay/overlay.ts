/** The overlay: nothing but the styled picture, for a browser source of a streaming program. */
import { byId } from '../page/dom';
import { NamedCamera } from './named-camera';
import { parseParams, toFilterOptions } from './overlay-params';
import { StyledView } from './styled-view';

const { params, problems } = parseParams(location.search);
const note = byId('note', HTMLElement);

function say(text: string): void {
  console.warn(`StyleFilter overlay: ${text}`);
  note.textContent = text;
}

note.hidden = !params.debug;
document.documentElement.dataset['fit'] = params.fit;
for (const problem of problems) say(problem);

const view = new StyledView(byId('picture', HTMLElement), { ...toFilterOptions(params), assetBase: new URL('../../assets/', import.meta.url) }, say);
const { width, height, fps } = params;
new NamedCamera(params.camera, { width: { ideal: width }, height: { ideal: height }, frameRate: { ideal: fps } }, {
  onStream: (stream) => view.play(stream),
  onLost: () => view.setLive(false),
  onBack: () => view.setLive(true),
  onProblem: say,
});
