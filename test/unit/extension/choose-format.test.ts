import { describe, expect, it } from 'vitest';
import { chooseFormat, UnmetConstraint } from '../../../demo/extension/page/choose-format';

const MOST = { widthPx: 1280, heightPx: 720, frameRate: 30 };

describe('format chosen for constraints', () => {
  it.each<[MediaTrackConstraints, number, number, number]>([
    [{}, 640, 480, 30],
    [{ width: 320 }, 320, 240, 30],
    [{ height: { ideal: 240 } }, 320, 240, 30],
    [{ width: 1280, height: 720, frameRate: { max: 15 } }, 1280, 720, 15],
    [{ width: { ideal: 4096 }, height: { ideal: 2160 } }, 1280, 720, 30],
    [{ width: { min: 800 } }, 800, 600, 30],
    [{ width: { exact: 640 }, height: { exact: 360 }, frameRate: 24 }, 640, 360, 24],
    [{ width: 640, aspectRatio: 16 / 9 }, 640, 360, 30],
    [{ width: 640, height: 480, aspectRatio: { exact: 1 } }, 640, 640, 30],
  ])('%j gives %d×%d at %d', (constraints, widthPx, heightPx, frameRate) => {
    expect(chooseFormat(constraints, MOST)).toEqual({ widthPx, heightPx, frameRate });
  });

  it.each<[MediaTrackConstraints, string]>([
    [{ width: { min: 1920 } }, 'width'],
    [{ height: { exact: 1080 } }, 'height'],
    [{ frameRate: { min: 60 } }, 'frameRate'],
    [{ width: { min: 400, max: 300 } }, 'width'],
    [{ width: { exact: 1280 }, height: { exact: 720 }, aspectRatio: { exact: 1 } }, 'aspectRatio'],
  ])('%j cannot be met, because of %s', (constraints, constraint) => {
    expect(() => chooseFormat(constraints, MOST)).toThrow(UnmetConstraint);
    expect(() => chooseFormat(constraints, MOST)).toThrow(expect.objectContaining({ constraint }));
  });
});
