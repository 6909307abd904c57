import { describe, expect, it } from 'vitest';
import { SampleWindow, StageTimer } from '../../../sdk/engine/stage-timer';

describe('SampleWindow', () => {
  it('answers nearest-rank percentiles', () => {
    const window = new SampleWindow();
    for (let value = 20; value >= 1; value -= 1) window.add(value);
    expect(window.percentiles()).toEqual({ p50: 10, p95: 19 });
  });

  it('has no percentiles without samples', () => {
    expect(new SampleWindow().percentiles()).toBeNull();
  });

  it('forgets the oldest samples', () => {
    const window = new SampleWindow(2);
    for (const value of [100, 1, 2]) window.add(value);
    expect(window.percentiles()).toEqual({ p50: 1, p95: 2 });
  });
});

describe('StageTimer', () => {
  it('adds up what one stage takes for several faces of a frame', async () => {
    let nowMs = 0;
    const timer = new StageTimer(() => nowMs);
    const generate = () => timer.time('generate', () => (nowMs += 7));
    await generate();
    await generate();
    timer.endFrame();
    expect(timer.stageMs().generate).toEqual({ p50: 14, p95: 14 });
    expect(timer.stageMs().smooth).toBeNull();
  });

  it('counts the time of a stage that throws and passes its error on', async () => {
    let nowMs = 0;
    const timer = new StageTimer(() => nowMs);
    const failing = timer.time('track', () => {
      nowMs += 3;
      throw new Error('no face model');
    });
    await expect(failing).rejects.toThrow('no face model');
    timer.endFrame();
    expect(timer.stageMs().track).toEqual({ p50: 3, p95: 3 });
  });
});
