import { describe, expect, it } from 'vitest';
import { OVERLAY_DEFAULTS, parseParams, toFilterOptions, toQuery } from '../../../demo/overlay/overlay-params';

describe('address of the overlay', () => {
  it('says nothing of what is as usual', () => {
    expect(toQuery(OVERLAY_DEFAULTS)).toBe('');
    expect(parseParams('')).toEqual({ params: OVERLAY_DEFAULTS, problems: [] });
  });

  it('carries every setting there and back', () => {
    const params = { ...OVERLAY_DEFAULTS, style: 'anime', exemplar: 'noir', structure: 0.5, color: 0.25, keepColor: 1, temporal: 0, opacity: 0.75, background: 'blur', quality: 'lite', backend: 'wasm', maxFaces: 3, privacy: 'card', camera: 'Händy & Co', width: 640, height: 480, fps: 24, mirror: true, fit: 'cover', debug: true } as const;
    expect(parseParams(toQuery(params))).toEqual({ params, problems: [] });
  });

  it.each([
    ['structure=2', '“structure” must be a number from 0 to 1, was “2”.'],
    ['opacity=', '“opacity” must be a number from 0 to 1, was “”.'],
    ['maxFaces=1.5', '“maxFaces” must be a whole number from 1 to 4, was “1.5”.'],
    ['background=green', '“background” must be one of keep, blur, transparent, was “green”.'],
    ['colour=1', '“colour” is not a setting; known are'],
  ])('“%s” is told and its default taken', (query, problem) => {
    const { params, problems } = parseParams(query);
    expect(params).toEqual(OVERLAY_DEFAULTS);
    expect(problems).toEqual([expect.stringContaining(problem)]);
  });

  it('leaves the look to the style where it names none', () => {
    expect(toFilterOptions(OVERLAY_DEFAULTS)).toMatchObject({ style: { id: 'comic', exemplar: undefined }, background: 'transparent', mirror: false });
  });
});
