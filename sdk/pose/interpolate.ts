/** Value at `x` of the broken line through `(xs[i], ys[i])`; `xs` do not fall, and beyond the ends the line is level. */
export function interpolate(x: number, xs: readonly number[], ys: readonly number[]): number {
  const end = xs.length - 1;
  if (x <= xs[0]!) return ys[0]!;
  if (x >= xs[end]!) return ys[end]!;
  let i = 0;
  while (xs[i + 1]! <= x) i += 1;
  return ys[i]! + ((ys[i + 1]! - ys[i]!) * (x - xs[i]!)) / (xs[i + 1]! - xs[i]!);
}

/** `value`, at least `min` and at most `max`. */
export function clamp(value: number, min: number, max: number): number {
  return Math.min(Math.max(value, min), max);
}
