const COPIED = [
  'objectFit', 'objectPosition', 'transform', 'transformOrigin', 'rotate', 'scale', 'translate', 'clipPath', 'zIndex',
  'borderTopLeftRadius', 'borderTopRightRadius', 'borderBottomLeftRadius', 'borderBottomRightRadius',
  'paddingTop', 'paddingRight', 'paddingBottom', 'paddingLeft',
  'borderTopWidth', 'borderRightWidth', 'borderBottomWidth', 'borderLeftWidth',
] as const;

/** A canvas that lies over an element and follows it. */
export interface Overlay {
  /** Looks where the element is now. Called by itself on changes of size and style. */
  follow(): void;
  /** Whether the canvas is to be seen. */
  show(visible: boolean): void;
  /** Takes the canvas off the page. Idempotent. */
  close(): void;
}

/**
 * Lays a canvas over a `<video>` or `<img>`: same box, object-fit, mirroring and rounded corners; clicks go through.
 * @param element What it is laid over; the canvas becomes its next sibling.
 * @param canvas What is laid over it.
 * @param cover Colour under the canvas's picture, so that the element never shows through before the first one; null for none.
 */
export function createOverlay(element: HTMLElement, canvas: HTMLCanvasElement, cover: string | null): Overlay {
  const style = canvas.style;
  style.position = 'absolute';
  style.boxSizing = 'border-box';
  style.borderStyle = 'solid';
  style.borderColor = 'transparent';
  style.margin = '0';
  style.maxWidth = style.maxHeight = 'none';
  style.pointerEvents = 'none';
  style.backgroundColor = cover ?? 'transparent';
  style.visibility = 'hidden';
  canvas.setAttribute('aria-hidden', 'true');

  let visible = cover !== null;
  let closed = false;

  const follow = (): void => {
    if (closed || !element.isConnected) return;
    if (canvas.previousSibling !== element) element.after(canvas);
    const from = getComputedStyle(element);
    for (const name of COPIED) style[name] = from[name];
    style.visibility = visible && from.display !== 'none' && from.visibility === 'visible' ? 'visible' : 'hidden';
    style.width = `${element.offsetWidth}px`;
    style.height = `${element.offsetHeight}px`;
    // Where left: 0 and top: 0 lie depends on ancestors, so it is measured instead of worked out.
    style.left = style.top = '0';
    style.left = `${element.offsetLeft - canvas.offsetLeft}px`;
    style.top = `${element.offsetTop - canvas.offsetTop}px`;
  };

  const sizes = new ResizeObserver(follow);
  for (const watched of [element, element.parentElement, document.documentElement]) if (watched !== null) sizes.observe(watched);
  const styles = new MutationObserver(follow);
  styles.observe(element, { attributes: true, attributeFilter: ['style', 'class', 'hidden', 'width', 'height'] });
  follow();

  return {
    follow,
    show(next) {
      visible = next || cover !== null;
      follow();
    },
    close() {
      if (closed) return;
      closed = true;
      sizes.disconnect();
      styles.disconnect();
      canvas.remove();
    },
  };
}
