import { describe, expect, it } from 'vitest';
import { TrackerClock } from '../../../sdk/track/tracker-clock';

describe('the tracker clock', () => {
  it('passes times that grow through, in milliseconds', () => {
    const clock = new TrackerClock();
    expect([0, 33_333, 66_667].map((timestampUs) => clock.next(timestampUs))).toEqual([
      0, 33.333, 66.667,
    ]);
  });

  it('always grows, through repeats, jumps back and a new start', () => {
    const clock = new TrackerClock();
    const times = [5_000_000, 5_000_000, 5_040_000, 0, 40_000, -10, 90].map((timestampUs) =>
      clock.next(timestampUs),
    );
    for (let i = 1; i < times.length; i++) expect(times[i]).toBeGreaterThan(times[i - 1]!);
  });

  it('keeps the distance between frames after a jump back', () => {
    const clock = new TrackerClock();
    clock.next(5_000_000);
    const restart = clock.next(0);
    expect(clock.next(40_000) - restart).toBeCloseTo(40, 6);
  });
});
