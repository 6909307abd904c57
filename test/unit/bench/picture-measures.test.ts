import { describe, expect, it } from 'vitest';
import { average, deviation, gradientEnergy, intersection, lagFrames, lumaOf, warpingError, type Luma } from '../../bench/page/picture-measures';

const WIDTH = 32;
const full = new Uint8Array(WIDTH * WIDTH).fill(1);

function picture(at: (x: number, y: number) => number): Luma {
  return Float32Array.from({ length: WIDTH * WIDTH }, (_, i) => at(i % WIDTH, Math.floor(i / WIDTH)));
}

/** A soft pattern, moved to the right. */
const wave = (shift: number): Luma => picture((x, y) => 100 + 40 * Math.sin((x - shift) * 0.3) + 20 * Math.cos(y * 0.4));

describe('measures of picture sequences', () => {
  it('tell luma and what is opaque', () => {
    const { luma, mask } = lumaOf(Uint8Array.of(255, 0, 0, 255, 0, 255, 0, 100));
    expect(luma[0]).toBeCloseTo(76.2, 1);
    expect(Array.from(mask)).toEqual([1, 0]);
    expect(Array.from(intersection([Uint8Array.of(1, 1, 0), Uint8Array.of(1, 0, 0)]))).toEqual([1, 0, 0]);
  });

  it('find the flicker of a picture that goes up and down, and its mean', () => {
    const pictures = [picture(() => 98), picture(() => 102), picture(() => 98), picture(() => 102)];
    expect(deviation(pictures, full)).toBeCloseTo(2, 5);
    expect(average(pictures)[7]).toBeCloseTo(100, 5);
  });

  it('count a blurred picture as less sharp', () => {
    const sharp = picture((x) => (x % 4 < 2 ? 0 : 100));
    const soft = picture((x) => [25, 25, 75, 75][x % 4]!);
    expect(gradientEnergy(soft, full, WIDTH)).toBeLessThan(0.5 * gradientEnergy(sharp, full, WIDTH));
  });

  it('see no error where the previous picture is moved along rightly', () => {
    expect(warpingError(wave(2), wave(0), full, WIDTH, [1, 0, -2, 0, 1, 0])).toBeLessThan(0.7);
    expect(warpingError(wave(2), wave(0), full, WIDTH, [1, 0, 0, 0, 1, 0])).toBeGreaterThan(5);
  });

  it.each([0, 0.25, 0.5])('find a delay of %d frames', (delay) => {
    const times = Array.from({ length: 12 }, (_, t) => t);
    const lag = lagFrames(times.map((t) => wave(0.5 * (t - delay))), times.map((t) => wave(0.5 * t)), times.map(() => full));
    expect(lag).toBeCloseTo(delay, 1);
  });
});
