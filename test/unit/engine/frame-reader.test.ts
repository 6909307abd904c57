import { describe, expect, it } from 'vitest';
import { FrameReader } from '../../../sdk/engine/frame-reader';
import { StreamFeeder } from '../../../sdk/engine/stream-feeder';

class FakeFrame {
  closed = 0;
  constructor(readonly timestamp: number) {}
  close(): void {
    this.closed += 1;
  }
}

/** A stream whose frames the test gives. */
function openStream() {
  let controller!: ReadableStreamDefaultController<VideoFrame>;
  let cancelled = false;
  const readable = new ReadableStream<VideoFrame>({ start: (given) => void (controller = given), cancel: () => void (cancelled = true) }, { highWaterMark: 0 });
  const give = (timestamp: number): FakeFrame => {
    const frame = new FakeFrame(timestamp);
    controller.enqueue(frame as unknown as VideoFrame);
    return frame;
  };
  return { readable, give, end: () => controller.close(), isCancelled: () => cancelled };
}

const later = (ms = 0) => new Promise<void>((resolve) => setTimeout(resolve, ms));

describe('FrameReader', () => {
  it('hands out each frame and says when the stream has ended', async () => {
    const taken: number[] = [];
    let ends = 0;
    const reader = new FrameReader((frame) => taken.push(frame.timestamp), () => (ends += 1));
    const stream = openStream();
    reader.open(stream.readable);
    stream.give(1);
    stream.give(2);
    stream.end();
    await later();
    expect(taken).toEqual([1, 2]);
    expect(ends).toBe(1);
  });

  it('closes the frame that was under way when it was closed, and then cancels', async () => {
    const taken: number[] = [];
    const reader = new FrameReader((frame) => taken.push(frame.timestamp), () => taken.push(-1));
    const stream = openStream();
    reader.open(stream.readable);
    await later();
    const closing = reader.close();
    const late = stream.give(1);
    await closing;
    expect(late.closed).toBe(1);
    expect(stream.isCancelled()).toBe(true);
    expect(taken).toEqual([]);
  });

  it('cancels a stream that gives nothing more after a while', async () => {
    const reader = new FrameReader(() => undefined, () => undefined);
    const stream = openStream();
    reader.open(stream.readable);
    await reader.close();
    expect(stream.isCancelled()).toBe(true);
  });

  it('lets go of a stream when another takes its place, without saying that it ended', async () => {
    const taken: number[] = [];
    let ends = 0;
    const reader = new FrameReader((frame) => taken.push(frame.timestamp), () => (ends += 1));
    const [first, second] = [openStream(), openStream()];
    reader.open(first.readable);
    await later();
    reader.open(second.readable);
    const late = first.give(1);
    second.give(2);
    await later();
    expect(taken).toEqual([2]);
    expect(late.closed).toBe(1);
    expect(ends).toBe(0);
    await reader.close();
  });
});

describe('StreamFeeder', () => {
  it('keeps only the newest frame while its sink is busy, and counts the others', async () => {
    const sent: [number, number | undefined][] = [];
    const sink = { ready: true, frame: (_: unknown, timestampUs: number, skipped?: number) => void sent.push([timestampUs, skipped]) };
    const feeder = new StreamFeeder(sink, () => undefined);
    const stream = openStream();
    feeder.open(stream.readable);
    stream.give(1);
    await later();
    sink.ready = false;
    const frames = [2, 3, 4].map(stream.give);
    await later();
    sink.ready = true;
    feeder.feed();
    expect(sent).toEqual([[1, 0], [4, 2]]);
    expect(frames.map(({ closed }) => closed)).toEqual([1, 1, 0]);
    await feeder.close();
  });

  it('closes the frame that waits when it is closed', async () => {
    const feeder = new StreamFeeder({ ready: false, frame: () => undefined }, () => undefined);
    const stream = openStream();
    feeder.open(stream.readable);
    const waiting = stream.give(1);
    await later();
    await feeder.close();
    expect(waiting.closed).toBe(1);
  });
});
