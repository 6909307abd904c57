import { describe, expect, it } from 'vitest';
import { ErrorBudget } from '../../../sdk/engine/error-budget';
import { FilterError } from '../../../sdk/errors';

const failure = new FilterError('stage-failed', 'The network failed.', { stage: 'generate' });

describe('ErrorBudget', () => {
  it('is over after as many failures in a row as allowed, and names the stage', () => {
    const budget = new ErrorBudget(3);
    expect(budget.fail(failure).fatal).toBeUndefined();
    expect(budget.fail(failure).fatal).toBeUndefined();
    const { fatal } = budget.fail(failure);
    expect(fatal).toMatchObject({ code: 'stage-failed', stage: 'generate', fatal: true, cause: failure });
    expect(fatal?.message).toBe('The filter stopped after 3 failed frames in a row: The network failed. Detach it and attach it again.');
  });

  it('starts anew after a good frame', () => {
    const budget = new ErrorBudget(2);
    for (let round = 0; round < 5; round += 1) {
      expect(budget.fail(failure).fatal).toBeUndefined();
      budget.succeed();
    }
  });

  it('reports each kind of failure once in a streak', () => {
    const budget = new ErrorBudget(10);
    const lost = new FilterError('device-lost', 'The device is gone.', { stage: 'generate' });
    expect([failure, failure, lost, failure, lost].map((error) => budget.fail(error).report)).toEqual([true, false, true, false, false]);
    budget.succeed();
    expect(budget.fail(failure).report).toBe(true);
  });

  it('gives up at once on an error that is fatal by itself', () => {
    expect(new ErrorBudget(30).fail(new FilterError('unsupported', 'No shader.', { fatal: true })).fatal).toBeDefined();
  });

  it('gives a lost context five seconds to come back, however many frames fail meanwhile', () => {
    let nowMs = 0;
    const lost = new FilterError('context-lost', 'The context is away.', { stage: 'composite' });
    const budget = new ErrorBudget(3, () => nowMs);
    for (; nowMs < 5000; nowMs += 33) expect(budget.fail(lost).fatal).toBeUndefined();
    expect(budget.fail(lost).fatal).toMatchObject({ code: 'context-lost', fatal: true });
  });
});
