import { describe, expect, it } from 'vitest';
import type { FilterError } from '../../../sdk/errors';
import { FrameWriter } from '../../../sdk/sink/frame-writer';

class FakeFrame {
  closed = 0;
  close(): void {
    this.closed += 1;
  }
}

const later = () => new Promise<void>((resolve) => setTimeout(resolve));

function setUp() {
  const written: VideoFrame[] = [];
  let finish: (error?: Error) => void = () => undefined;
  let closed = false;
  const writable = new WritableStream<VideoFrame>({
    write: (frame) =>
      new Promise((resolve, reject) => {
        written.push(frame);
        finish = (error) => (error ? reject(error) : resolve());
      }),
    close: () => void (closed = true),
  });
  const errors: FilterError[] = [];
  const writer = new FrameWriter(writable, { onError: (error) => errors.push(error) });
  const write = async (): Promise<FakeFrame> => {
    const frame = new FakeFrame();
    writer.write(frame as unknown as VideoFrame);
    await later();
    return frame;
  };
  return { writer, write, written, errors, finish: async (error?: Error) => (finish(error), later()), isClosed: () => closed };
}

describe('FrameWriter', () => {
  it('leaves out, closed, what comes while a frame is being written', async () => {
    const { write, written, finish } = setUp();
    const first = await write();
    const second = await write();
    expect([first.closed, second.closed]).toEqual([0, 1]);
    await finish();
    const third = await write();
    await finish();
    expect(written).toEqual([first, third]);
    expect([first.closed, third.closed]).toEqual([1, 1]);
  });

  it('says once that the track takes no more, and closes what comes after', async () => {
    const { write, finish, errors } = setUp();
    const first = await write();
    await finish(new Error('stopped'));
    const second = await write();
    expect(errors.map(({ code, stage }) => [code, stage])).toEqual([['sink-failed', 'sink']]);
    expect([first.closed, second.closed]).toEqual([1, 1]);
  });

  it('ends the track when it is closed, and takes no frame after', async () => {
    const { writer, write, errors, isClosed } = setUp();
    writer.close();
    writer.close();
    await later();
    expect(isClosed()).toBe(true);
    expect((await write()).closed).toBe(1);
    expect(errors).toEqual([]);
  });
});
