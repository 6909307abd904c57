import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { inPage } from '../helpers/in-page';
import { openTestPage, type TestPage } from '../helpers/launch';
import { addTinyStyle } from '../helpers/tiny-assets';
import type { Pose } from './pages/track-page';

type Module = typeof import('./pages/filter-page');

const WIDTH_PX = 640;
const HEIGHT_PX = 480;
const BASE_POSE: Pose = { xPx: 320, yPx: 240, sizePx: 260 };

let test: TestPage;
const run = <Result, Args = undefined>(body: (module: Module, args: Args) => Result | Promise<Result>, args?: Args): Promise<Result> =>
  inPage(test.page, 'test/browser/pages/filter-page.ts', body, args as Args);

beforeAll(async () => {
  test = await openTestPage({ crossOriginIsolated: false });
  addTinyStyle(test.server.overrides);
});
afterAll(() => test.close());

/** A grey square, as the look `grey` draws a face. */
interface Square {
  readonly xPx: number;
  readonly yPx: number;
  readonly sidePx: number;
}

/** Where the styled square should be, from where it is at {@link BASE_POSE}. */
function expectedSquare(base: Square, { xPx, yPx, sizePx, rollRad = 0 }: Pose): Square {
  const scale = sizePx / BASE_POSE.sizePx;
  const [dx, dy] = [(base.xPx - BASE_POSE.xPx) * scale, (base.yPx - BASE_POSE.yPx) * scale];
  const [cos, sin] = [Math.cos(rollRad), Math.sin(rollRad)];
  return { xPx: xPx + cos * dx - sin * dy, yPx: yPx + sin * dx + cos * dy, sidePx: base.sidePx * scale };
}

/** Takes a face through poses, one frame each, and finds the styled square in each picture. */
const follow = (poses: readonly Pose[], jitter: 'smooth' | 'raw') =>
  run(
    async ({ StyleFilter, TINY, processPoses, greySquare }: Module, [list, mode, widthPx, heightPx]) => {
      const processor = await StyleFilter.createProcessor({ ...TINY, style: { id: 'tiny', exemplar: 'grey' }, jitter: mode, temporal: 0 });
      const squares: Square[] = [];
      for (const [index, pose] of list.entries()) squares.push(greySquare((await processPoses(processor, [pose], widthPx, heightPx, index * 33_333)).pixels));
      await processor.close();
      return squares;
    },
    [poses, jitter, WIDTH_PX, HEIGHT_PX] as const,
  );

/** 2 % of the face's width; the crop is about twice as wide as the face in it. */
const toleranceOf = ({ sidePx }: Square) => 0.02 * (sidePx / 2);

describe('the styled face', () => {
  it('follows a face that is shifted, scaled and turned by known amounts, within 2 % of its width', async () => {
    const poses: Pose[] = [BASE_POSE, { ...BASE_POSE, xPx: 285, yPx: 262 }, { ...BASE_POSE, sizePx: 210 }, { ...BASE_POSE, rollRad: 0.3 }, { xPx: 350, yPx: 225, sizePx: 235, rollRad: -0.25 }];
    // Each pose is shown for as long as a fade-in takes.
    const squares = (await follow(poses.flatMap((pose) => Array.from({ length: 6 }, () => pose)), 'raw')).filter((_, i) => i % 6 === 5);
    const base = squares[0]!;
    expect(base.sidePx).toBeGreaterThan(100);
    poses.forEach((pose, i) => {
      const [seen, wanted] = [squares[i]!, expectedSquare(base, pose)];
      expect(Math.hypot(seen.xPx - wanted.xPx, seen.yPx - wanted.yPx), `place at pose ${i}`).toBeLessThanOrEqual(toleranceOf(wanted));
      expect(Math.abs(seen.sidePx - wanted.sidePx), `size at pose ${i}`).toBeLessThanOrEqual(2 * toleranceOf(wanted));
    });
  });

  it('stays within 2 % of the width of a face that moves steadily, with smoothing as it is by default', async () => {
    const still = Array.from({ length: 8 }, () => ({ ...BASE_POSE, xPx: 220 }));
    const moving = Array.from({ length: 32 }, (_, i) => ({ ...BASE_POSE, xPx: 220 + 5 * i }));
    const squares = await follow([...still, ...moving], 'smooth');
    const base = { ...squares[7]!, xPx: squares[7]!.xPx + BASE_POSE.xPx - 220 };
    const lagsPx = moving.map((pose, i) => expectedSquare(base, pose).xPx - squares[8 + i]!.xPx).slice(4);
    expect(Math.max(...lagsPx.map(Math.abs))).toBeLessThanOrEqual(toleranceOf(base));
  });
});

describe('the rest of the picture', () => {
  it('is the frame itself outside the matte, to 1/255', async () => {
    const seen = await run(
      async ({ StyleFilter, TINY, processPoses, greySquare, differences }: Module, [pose, widthPx, heightPx]) => {
        const processor = await StyleFilter.createProcessor({ ...TINY, style: { id: 'tiny', exemplar: 'grey' }, temporal: 0 });
        for (let i = 0; i < 6; i += 1) await processPoses(processor, [pose], widthPx, heightPx, i * 33_333);
        const styled = (await processPoses(processor, [pose], widthPx, heightPx, 200_000)).pixels;
        const bare = (await processPoses(processor, [], widthPx, heightPx, 9_000_000)).pixels;
        await processor.setOptions({ opacity: 0 });
        const unstyled = (await processPoses(processor, [pose], widthPx, heightPx, 9_033_333)).pixels;
        await processor.close();
        // The matte runs out softly at the crop's edge, most of all at the neck, so the grey is smaller than the crop.
        const { xPx, yPx, sidePx } = greySquare(styled);
        const outside = (i: number) => Math.max(Math.abs((i % widthPx) - xPx), Math.abs(Math.floor(i / widthPx) - yPx)) > 0.65 * sidePx;
        const changed = differences(styled, unstyled);
        const worst = (at: (i: number) => boolean) => changed.reduce((most, value, i) => (at(i) ? Math.max(most, value) : most), 0);
        return { outside: worst(outside), inside: worst((i) => !outside(i)), bare: [...bare.data.subarray(0, 3)] };
      },
      [BASE_POSE, WIDTH_PX, HEIGHT_PX] as const,
    );
    expect(seen.outside).toBeLessThanOrEqual(1);
    expect(seen.inside, 'the square itself is styled').toBeGreaterThan(30);
    // The stage's background is #8a8f98.
    seen.bare.forEach((value, channel) => expect(Math.abs(value - [138, 143, 152][channel]!)).toBeLessThanOrEqual(2));
  });

  it("is see-through with background 'transparent'", async () => {
    const alpha = await run(
      async ({ StyleFilter, TINY, processPoses }: Module, [pose, widthPx, heightPx]) => {
        const processor = await StyleFilter.createProcessor({ ...TINY, background: 'transparent' });
        for (let i = 0; i < 6; i += 1) await processPoses(processor, [pose], widthPx, heightPx, i * 33_333);
        const { pixels } = await processPoses(processor, [pose], widthPx, heightPx, 200_000);
        await processor.close();
        return [pixels.data[3], pixels.data[4 * (pose.yPx * widthPx + pose.xPx) + 3]];
      },
      [BASE_POSE, WIDTH_PX, HEIGHT_PX] as const,
    );
    expect(alpha).toEqual([0, 255]);
  });
});

describe('still pictures', () => {
  it('are drawn at once, and nothing of one is left in the next', async () => {
    const seen = await run(
      async ({ StyleFilter, TINY, processPoses }: Module, [pose, widthPx, heightPx]) => {
        const processor = await StyleFilter.createProcessor({ ...TINY, style: { id: 'tiny', exemplar: 'grey' }, maxFaces: 4 }, 'still');
        const middleOf = ({ data }: ImageData): number[] => [...data.subarray(4 * (pose.yPx * widthPx + pose.xPx), 4 * (pose.yPx * widthPx + pose.xPx) + 3)];
        const elsewhere = { ...pose, xPx: widthPx - 130, yPx: 130, sizePx: 200 };
        const pictures = [await processPoses(processor, [pose], widthPx, heightPx, 0), await processPoses(processor, [elsewhere], widthPx, heightPx, 0), await processPoses(processor, [], widthPx, heightPx, 0)];
        await processor.close();
        return pictures.map(({ pixels, faces }) => ({ faces, middle: middleOf(pixels) }));
      },
      [{ ...BASE_POSE, xPx: 150, yPx: 300, sizePx: 220 }, WIDTH_PX, HEIGHT_PX] as const,
    );
    expect(seen.map(({ faces }) => faces)).toEqual([1, 1, 0]);
    // The look is grey; the stage's background is #8a8f98, a little bluer.
    const [first, second, third] = seen.map(({ middle: [red, , blue] }) => blue! - red!);
    expect(Math.abs(first!)).toBeLessThanOrEqual(2);
    expect(second).toBeGreaterThan(10);
    expect(third).toBeGreaterThan(10);
  });
});

describe('privacy', () => {
  it.each(['card', 'hold'] as const)("'%s' lets no frame out in which no face was found", async (privacy) => {
    const seen = await run(
      async ({ StyleFilter, TINY, processPoses, differences }: Module, [mode, pose, widthPx, heightPx]) => {
        const processor = await StyleFilter.createProcessor({ ...TINY, privacy: mode });
        const first = (await processPoses(processor, [], widthPx, heightPx, 0)).pixels;
        for (let i = 1; i < 8; i += 1) await processPoses(processor, [pose], widthPx, heightPx, i * 33_333);
        const styled = (await processPoses(processor, [pose], widthPx, heightPx, 300_000)).pixels;
        // The face is covered from here on, and the scene has another brightness.
        const lost = (await processPoses(processor, [], widthPx, heightPx, 333_333)).pixels;
        await processor.close();
        return { firstCard: first.data.every((value, i) => (i % 4 === 3 ? value === 255 : Math.abs(value - 128) <= 1)), heldIsStyled: differences(lost, styled).reduce((most, value) => Math.max(most, value), 0) };
      },
      [privacy, BASE_POSE, WIDTH_PX, HEIGHT_PX] as const,
    );
    expect(seen.firstCard, 'a card before the first styled picture').toBe(true);
    if (privacy === 'hold') expect(seen.heldIsStyled).toBeLessThanOrEqual(1);
    else expect(seen.heldIsStyled).toBeGreaterThan(30);
  });
});
