import { describe, expect, it } from 'vitest';
import { faceCountFor } from '../../../sdk/track/face-scout';

const own = { xPx: 100, yPx: 100, sizePx: 50 };
const smaller = { xPx: 300, yPx: 100, sizePx: 40 };
const larger = { xPx: 300, yPx: 100, sizePx: 70 };

describe('how many faces to follow for one place', () => {
  it.each([
    ['one, when there is one', [own], 1, 1],
    ['one, when none is seen', [], 2, 1],
    ['one, when the others are smaller', [smaller, own], 1, 1],
    ['several, when another is clearly larger', [own, larger], 1, 2],
    ['several still, as long as there are several', [own, smaller], 2, 2],
    ['one again, when the others have left', [own], 3, 1],
    ['at most four', [own, larger, larger, larger, larger, larger], 1, 4],
  ])('%s', (_, seen, following, expected) => {
    expect(faceCountFor(seen, following, { xPx: 104, yPx: 97 })).toBe(expected);
  });
});
