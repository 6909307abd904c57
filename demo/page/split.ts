/** The line between “before” and “after”: dragged with a pointer or moved with the keyboard. */

/** Keyboard steps in percent. */
const STEP = 2;
const PAGE = 10;

/** The dividing line. */
export interface Split {
  /** Shows the line in the middle, or hides it and shows only “after”. */
  setEnabled(enabled: boolean): void;
}

/**
 * Makes a dividing line of an element with `role="slider"`.
 * @param onMove told the line's place as a share of the width, 0 when it is off
 */
export function createSplit(element: HTMLElement, stage: HTMLElement, onMove: (share: number) => void): Split {
  let percent = 50;

  const place = (to: number): void => {
    percent = Math.min(100, Math.max(0, to));
    element.style.left = `${percent}%`;
    element.setAttribute('aria-valuenow', String(Math.round(percent)));
    element.setAttribute('aria-valuetext', `${Math.round(percent)} % before`);
    onMove(percent / 100);
  };
  const placeAt = (event: PointerEvent): void => {
    const box = stage.getBoundingClientRect();
    place(((event.clientX - box.left) / box.width) * 100);
  };

  element.addEventListener('pointerdown', (event) => {
    element.setPointerCapture(event.pointerId);
    placeAt(event);
  });
  element.addEventListener('pointermove', (event) => {
    if (element.hasPointerCapture(event.pointerId)) placeAt(event);
  });
  element.addEventListener('keydown', (event) => {
    const to: Readonly<Record<string, number>> = {
      ArrowLeft: percent - STEP,
      ArrowDown: percent - STEP,
      ArrowRight: percent + STEP,
      ArrowUp: percent + STEP,
      PageDown: percent - PAGE,
      PageUp: percent + PAGE,
      Home: 0,
      End: 100,
    };
    const target = to[event.key];
    if (target === undefined) return;
    event.preventDefault();
    place(target);
  });

  return {
    setEnabled(enabled) {
      element.hidden = !enabled;
      stage.classList.toggle('comparing', enabled);
      if (enabled) place(50);
      else onMove(0);
    },
  };
}
