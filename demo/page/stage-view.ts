import { byId } from './dom';
import { createSplit } from './split';

/** The picture: the video below, the styled canvas above it, and what is written over both. */
export interface StageView {
  /** Puts the filter's canvas over the video; undefined takes it away. */
  setCanvas(canvas: HTMLCanvasElement | undefined): void;
  setBackground(background: 'keep' | 'blur' | 'transparent'): void;
  setMirrored(mirrored: boolean): void;
  setComparing(comparing: boolean): void;
  /** Shows how far loading is; undefined hides it. @param share 0…1, undefined where it cannot be said */
  setLoading(text: string | undefined, share?: number): void;
}

/** Finds the stage on the page. */
export function createStageView(): StageView {
  const stage = byId('stage', HTMLElement);
  const video = byId('video', HTMLVideoElement);
  const loading = byId('loading', HTMLElement);
  const loadingText = byId('loading-text', HTMLElement);
  const loadingBar = byId('loading-bar', HTMLProgressElement);
  let canvas: HTMLCanvasElement | undefined;
  let beforeShare = 0;
  let mirrored = false;

  const clip = (): void => {
    // Clipping is done before mirroring, so a mirrored picture is clipped from its other side.
    const before = `${beforeShare * 100}%`;
    const after = `${(1 - beforeShare) * 100}%`;
    if (canvas) canvas.style.clipPath = mirrored ? `inset(0 ${before} 0 0)` : `inset(0 0 0 ${before})`;
    // Under a transparent picture the video must not show; elsewhere the canvas covers it.
    const hides = canvas !== undefined && stage.dataset['background'] === 'transparent';
    video.style.clipPath = hides ? (mirrored ? `inset(0 0 0 ${after})` : `inset(0 ${after} 0 0)`) : '';
  };
  const split = createSplit(byId('split', HTMLElement), stage, (share) => {
    beforeShare = share;
    clip();
  });

  return {
    setCanvas(next) {
      canvas?.remove();
      canvas = next;
      if (next) {
        next.setAttribute('role', 'img');
        next.setAttribute('aria-label', 'Styled video');
        video.after(next);
      }
      clip();
    },
    setBackground(background) {
      stage.dataset['background'] = background;
      clip();
    },
    setMirrored(next) {
      mirrored = next;
      stage.classList.toggle('mirrored', next);
      clip();
    },
    setComparing: (comparing) => split.setEnabled(comparing),
    setLoading(text, share) {
      loading.hidden = text === undefined;
      loadingText.textContent = text ?? '';
      if (share === undefined) loadingBar.removeAttribute('value');
      else loadingBar.value = share;
    },
  };
}
