import { describe, expect, it } from 'vitest';
import { Leash } from '../../../sdk/crop/leash';

describe('Leash', () => {
  it('holds still for tremor and drift within its length', () => {
    const leash = new Leash(0.5);
    expect([10, 10.4, 9.6, 10.5, 9.5].map((value) => leash.follow([value])[0])).toEqual([10, 10, 10, 10, 10]);
  });

  it('follows a movement without steps, later and later by less', () => {
    const leash = new Leash(1);
    expect([0, 1, 2, 3, 4, 5, 6].map((value) => leash.follow([value])[0])).toEqual([0, 0, 1, 2.5, 3.75, 4.875, 5.9375]);
  });

  it('is slack again when the movement has ended', () => {
    const leash = new Leash(1);
    for (let value = 0; value < 20; value += 1) leash.follow([value]);
    for (let i = 0; i < 12; i += 1) leash.follow([19]);
    const rest = leash.follow([19])[0]!;
    expect([19.9, 18.1, 19.9].map((value) => leash.follow([value])[0])).toEqual([rest, rest, rest]);
  });

  it('holds each number for itself, at a length in the unit given, and forgets when told', () => {
    const leash = new Leash(0.01);
    leash.follow([0, 0], 100);
    expect(leash.follow([0.9, 3], 100)).toEqual([0, 2]);
    leash.reset();
    expect(leash.follow([0.9, 3], 100)).toEqual([0.9, 3]);
  });
});
