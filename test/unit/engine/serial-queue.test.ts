import { describe, expect, it } from 'vitest';
import { SerialQueue } from '../../../sdk/engine/serial-queue';

const later = () => new Promise<void>((resolve) => setTimeout(resolve));

describe('SerialQueue', () => {
  it('runs jobs in order, one at a time', async () => {
    const queue = new SerialQueue();
    const log: string[] = [];
    const job = (name: string) => async () => {
      log.push(`${name} begins`);
      await later();
      log.push(`${name} ends`);
      return name;
    };
    expect(await Promise.all([queue.add(job('one')), queue.add(job('two'))])).toEqual(['one', 'two']);
    expect(log).toEqual(['one begins', 'one ends', 'two begins', 'two ends']);
  });

  it('runs call 3 after call 2 has failed', async () => {
    const queue = new SerialQueue();
    const first = queue.add(() => 1);
    const second = queue.add(() => Promise.reject(new Error('two')));
    const third = queue.add(() => 3);
    expect(await first).toBe(1);
    await expect(second).rejects.toThrow('two');
    expect(await third).toBe(3);
  });

  it('survives a job that throws before its first await', async () => {
    const queue = new SerialQueue();
    const failed = queue.add(() => {
      throw new Error('at once');
    });
    await expect(failed).rejects.toThrow('at once');
    expect(await queue.add(() => 'next')).toBe('next');
  });

  it('is idle when everything added so far has ended, failed jobs included', async () => {
    const queue = new SerialQueue();
    const log: string[] = [];
    queue.add(() => Promise.reject(new Error('ignored'))).catch(() => log.push('failed'));
    void queue.add(async () => {
      await later();
      log.push('done');
    });
    await queue.idle();
    expect(log).toEqual(['failed', 'done']);
  });
});
