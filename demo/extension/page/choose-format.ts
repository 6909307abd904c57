/** Which size and rate a page's constraints mean. */
import type { Format } from '../common/messages';

/** What a camera gives where nothing is asked. */
const USUAL: Format = { widthPx: 640, heightPx: 480, frameRate: 30 };
/** How far an aspect ratio may be off and still count as met: whole pixels. */
const ASPECT_TOLERANCE = 0.02;

/** Says which constraint cannot be met. */
export class UnmetConstraint extends Error {
  constructor(readonly constraint: string, message: string) {
    super(message);
  }
}

interface Range {
  readonly min: number;
  readonly max: number;
  readonly ideal: number | undefined;
}

/**
 * The format nearest to what constraints ask.
 * @param constraints As the page gave them; sets under `advanced` do not count.
 * @param most The largest picture and highest rate there is.
 * @throws {UnmetConstraint} if a minimum or an exact value lies outside of that.
 */
export function chooseFormat(constraints: MediaTrackConstraints, most: Format): Format {
  const width = rangeOf('width', constraints.width, most.widthPx);
  const height = rangeOf('height', constraints.height, most.heightPx);
  const aspect = rangeOf('aspectRatio', constraints.aspectRatio, Infinity);
  const rate = rangeOf('frameRate', constraints.frameRate, most.frameRate);
  const usualAspect = clamp(aspect.ideal ?? USUAL.widthPx / USUAL.heightPx, aspect);

  const wantsWidth = width.ideal ?? (height.ideal === undefined ? USUAL.widthPx : height.ideal * usualAspect);
  const widthPx = whole(clamp(wantsWidth, width));
  const heightPx = whole(clamp(height.ideal ?? widthPx / usualAspect, height));
  const made = fitAspect({ widthPx, heightPx }, aspect, height);
  return { ...made, frameRate: clamp(rate.ideal ?? USUAL.frameRate, rate) };
}

function fitAspect(size: Pick<Format, 'widthPx' | 'heightPx'>, aspect: Range, height: Range): Pick<Format, 'widthPx' | 'heightPx'> {
  const { widthPx } = size;
  const has = widthPx / size.heightPx;
  const wanted = clamp(has, aspect);
  if (wanted === has) return size;
  const heightPx = whole(clamp(widthPx / wanted, height));
  if (Math.abs(widthPx / heightPx - wanted) > ASPECT_TOLERANCE * wanted) throw new UnmetConstraint('aspectRatio', `No size of the StyleFilter Camera has an aspect ratio of ${wanted}.`);
  return { widthPx, heightPx };
}

function rangeOf(name: string, value: ConstrainDouble | undefined, most: number): Range {
  if (value === undefined || typeof value === 'number') return { min: 0, max: most, ideal: value };
  const min = value.exact ?? value.min ?? 0;
  const max = Math.min(value.exact ?? value.max ?? most, most);
  if (min > max) throw new UnmetConstraint(name, `The StyleFilter Camera has no ${name} from ${min} to ${value.exact ?? value.max ?? most}; the most it has is ${most}.`);
  return { min, max, ideal: value.exact ?? value.ideal };
}

function clamp(value: number, { min, max }: Range): number {
  return Math.min(max, Math.max(min, value));
}

function whole(value: number): number {
  return Math.max(1, Math.round(value));
}
