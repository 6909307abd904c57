import { describe, expect, it } from 'vitest';
import { newShareFor, resolveTemporalOptions } from '../../../sdk/smooth/temporal-options';

describe('temporal options', () => {
  it('have defaults, also for undefined, and stay in range', () => {
    expect(resolveTemporalOptions({})).toEqual({ strength: 0.5, fadeInMs: 120, fadeOutMs: 200 });
    expect(resolveTemporalOptions({ strength: 3, fadeInMs: -1, fadeOutMs: 0 })).toEqual({ strength: 1, fadeInMs: 0, fadeOutMs: 0 });
  });

  it('give the new picture all the weight at strength 0, less the stronger, more the faster the face moves', () => {
    expect(newShareFor(0, 0)).toBe(1);
    expect(newShareFor(0, 1)).toBe(1);
    const shares = [0, 0.25, 0.5, 0.75, 1].map((strength) => newShareFor(strength, 0));
    expect(shares).toEqual([...shares].sort((a, b) => b - a));
    expect(newShareFor(0.5, 0)).toBeCloseTo(0.25);
    expect(newShareFor(0.5, 0.008)).toBeGreaterThan(newShareFor(0.5, 0.002));
    expect(newShareFor(1, 0.1)).toBeLessThan(1);
  });
});
