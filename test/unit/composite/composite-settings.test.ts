import { describe, expect, it } from 'vitest';
import { resolveCompositeSettings } from '../../../sdk/composite/composite-settings';

describe('composite settings', () => {
  it('have defaults', () => {
    expect(resolveCompositeSettings({})).toEqual({ background: 'keep', blurSigma: 0.02, opacity: 1, feather: 0.15, colorMatch: 0, resampling: 'auto', mirror: false, retain: false });
  });

  it('keep numbers in their ranges', () => {
    expect(resolveCompositeSettings({ blurSigma: 5, opacity: -1, feather: 9, colorMatch: 2 })).toMatchObject({ blurSigma: 0.1, opacity: 0, feather: 1, colorMatch: 1 });
  });
});
