import { defer, Subject } from 'rxjs';
import { TestScheduler, type RunHelpers } from 'rxjs/testing';
import { describe, expect, it } from 'vitest';
import { latestOnly } from '../../../sdk/engine/latest-only';

class Value {
  closed = 0;
  constructor(readonly name: string) {}
  close(): void {
    this.closed += 1;
  }
}

const NAMES = ['a', 'b', 'c', 'd'] as const;

/**
 * Runs a marble spec. Each letter of `source` is a value; the work on a value takes the time of `work` and gives its
 * letter in upper case.
 */
function spec(source: string, work: string, expected: string, unsubscribed?: string): { values: Record<string, Value>; started: string[]; drops: number } {
  const values = Object.fromEntries(NAMES.map((name) => [name, new Value(name)]));
  const started: string[] = [];
  let drops = 0;
  new TestScheduler((actual, wanted) => expect(actual).toEqual(wanted)).run(({ hot, cold, expectObservable }: RunHelpers) => {
    const results = hot<Value>(source, values).pipe(
      latestOnly(
        (value) =>
          defer(() => {
            started.push(value.name);
            return cold(work, { r: value.name.toUpperCase() });
          }),
        () => (drops += 1),
      ),
    );
    expectObservable(results, unsubscribed).toBe(expected, Object.fromEntries(NAMES.map((name) => [name.toUpperCase(), name.toUpperCase()])));
  });
  return { values, started, drops };
}

const closedOf = (values: Record<string, Value>): Record<string, number> => Object.fromEntries(Object.entries(values).map(([name, { closed }]) => [name, closed]));

describe('latestOnly', () => {
  it('passes on every value while the work keeps up', () => {
    const { drops } = spec('a---b---c|', '--(r|)', '--A---B---(C|)');
    expect(drops).toBe(0);
  });

  it('lets only the newest value wait and closes each one it overtakes', () => {
    const { values, started, drops } = spec('abcd------|', '----(r|)', '----A---D-|');
    expect(started).toEqual(['a', 'd']);
    expect(drops).toBe(2);
    expect(closedOf(values)).toEqual({ a: 0, b: 1, c: 1, d: 0 });
  });

  it('completes after the value in work and the waiting one', () => {
    spec('ab|', '---(r|)', '---A--(B|)');
  });

  it('completes at once with an idle source', () => {
    spec('--|', '-(r|)', '--|');
  });

  it('closes the waiting value when it is unsubscribed, and starts nothing after', () => {
    const { values, started } = spec('ab------', '----(r|)', '---', '---!');
    expect(started).toEqual(['a']);
    expect(values['b']!.closed).toBe(1);
  });

  it('closes the waiting value when the work fails', () => {
    const { values } = spec('ab----', '---#', '---#');
    expect(values['b']!.closed).toBe(1);
  });

  it('closes the waiting value when the source fails', () => {
    const { values } = spec('ab#', '----(r|)', '--#');
    expect(values['b']!.closed).toBe(1);
  });

  it('takes promises as work', async () => {
    const source = new Subject<Value>();
    const results: string[] = [];
    source.pipe(latestOnly(async (value) => value.name)).subscribe((name) => results.push(name));
    source.next(new Value('a'));
    source.next(new Value('b'));
    await new Promise((resolve) => setTimeout(resolve));
    expect(results).toEqual(['a', 'b']);
  });
});
