import { afterEach, describe, expect, it } from 'vitest';
import { PortCalls, type PortHandlers } from '../../../sdk/engine/port-calls';
import { FilterError } from '../../../sdk/errors';

const open: PortCalls[] = [];

function connect(handlers: Partial<PortHandlers>): { near: PortCalls; heard: [string, unknown][] } {
  const { port1, port2 } = new MessageChannel();
  const heard: [string, unknown][] = [];
  const near = new PortCalls(port1, { onCall: () => undefined, onEvent: () => undefined });
  const far = new PortCalls(port2, { onCall: () => undefined, onEvent: (name, value) => heard.push([name, value]), ...handlers });
  open.push(near, far);
  return { near, heard };
}

afterEach(() => {
  for (const end of open.splice(0)) end.close();
});

describe('PortCalls', () => {
  it('answers each call with its own result, whatever the order', async () => {
    const { near } = connect({ onCall: (_, waitMs) => new Promise((resolve) => setTimeout(() => resolve(`after ${String(waitMs)}`), waitMs as number)) });
    expect(await Promise.all([near.call('wait', 20), near.call('wait', 1)])).toEqual(['after 20', 'after 1']);
  });

  it('carries a FilterError over with all its fields', async () => {
    const { near } = connect({
      onCall: () => {
        throw new FilterError('asset-corrupt', 'The file is damaged.', { stage: 'load', fatal: true, cause: new Error('hash') });
      },
    });
    const error: unknown = await near.call('load').catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(FilterError);
    expect(error).toMatchObject({ code: 'asset-corrupt', message: 'The file is damaged.', stage: 'load', fatal: true });
    expect(String((error as FilterError).cause)).toContain('hash');
  });

  it('answers call 3 after call 2 has failed', async () => {
    const { near } = connect({ onCall: (name) => (name === 'two' ? Promise.reject(new Error('two')) : name) });
    expect(await near.call('one')).toBe('one');
    await expect(near.call('two')).rejects.toThrow('two');
    expect(await near.call('three')).toBe('three');
  });

  it('rejects calls that wait when it is closed, and calls after that', async () => {
    const { near } = connect({ onCall: () => new Promise(() => undefined) });
    const waiting = near.call('load');
    near.close(new FilterError('aborted', 'Stopped.'));
    await expect(waiting).rejects.toMatchObject({ code: 'aborted' });
    await expect(near.call('load')).rejects.toMatchObject({ code: 'closed' });
  });

  it('delivers events, and none after it is closed', async () => {
    const { near, heard } = connect({});
    near.send('paused', true);
    await new Promise((resolve) => setTimeout(resolve, 10));
    near.close();
    near.send('paused', false);
    await new Promise((resolve) => setTimeout(resolve, 10));
    expect(heard).toEqual([['paused', true]]);
  });
});
