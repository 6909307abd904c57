import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { inPage } from '../helpers/in-page';
import { openTestPage, type TestPage } from '../helpers/launch';
import type { Following, Movement } from './pages/follow-page';

type Module = typeof import('./pages/follow-page');

/** 0.64 s at 25 fps. */
const FRAMES = 16;
/** The face in it is about 140 px wide. */
const PORTRAIT_PX = 300;

const MOVEMENTS: readonly (readonly [string, Movement])[] = [
  ['moved aside by 90 px', { asidePx: 90 }],
  ['brought nearer by a quarter and moved down', { growth: 0.25, downPx: 40 }],
  ['turned by 20° and moved back', { rollRad: -0.35, growth: -0.2, asidePx: -50 }],
];

let test: TestPage;
let results: Following[];

beforeAll(async () => {
  test = await openTestPage();
  results = await inPage(
    test.page,
    'test/browser/pages/follow-page.ts',
    ({ follow }: Module, { movements, frames, portraitPx }) => follow(movements, frames, portraitPx),
    { movements: MOVEMENTS.map(([, movement]) => movement), frames: FRAMES, portraitPx: PORTRAIT_PX },
  );
}, 600_000);
afterAll(() => test.close());

describe('the features of a styled face', () => {
  it.each(MOVEMENTS.map(([name], index) => ({ name, index })))('are within 2 % of its width of where they belong while it is $name', ({ index }) => {
    const { worst, styledBy, faces } = results[index]!;
    expect(faces).toEqual(Array(FRAMES).fill(1));
    expect(styledBy, 'what is measured is the styled face, not the photo').toBeGreaterThan(8);
    expect(worst.leftEye).toBeLessThan(2);
    expect(worst.rightEye).toBeLessThan(2);
    expect(worst.mouth).toBeLessThan(2);
  });
});
