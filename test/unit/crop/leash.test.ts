import { describe, expect, it } from 'vitest';
import { Leash } from '../../../sdk/crop/leash';

describe('Leash', () => {
  it('holds still for tremor and drift within its length', () => {
    const leash = new Leash(0.5);
    expect([10, 10.4, 9.6, 10.5, 9.5].map((value) => leash.follow([value])[0])).toEqual([10, 10, 10, 10, 10]);
  });

  it('follows a movement without steps, and keeps its direction’s slack when that turns', () => {
    const leash = new Leash(1);
    expect([0, 1, 2, 3, 4, 3.5, 2.5, 1].map((value) => leash.follow([value])[0])).toEqual([0, 0, 1, 2, 3, 3, 3, 2]);
  });

  it('holds each number for itself, at a length in the unit given, and forgets when told', () => {
    const leash = new Leash(0.01);
    leash.follow([0, 0], 100);
    expect(leash.follow([0.9, 3], 100)).toEqual([0, 2]);
    leash.reset();
    expect(leash.follow([0.9, 3], 100)).toEqual([0.9, 3]);
  });
});
