import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { inPage } from '../helpers/in-page';
import { openTestPage, type TestPage } from '../helpers/launch';
import { addTinyStyle } from '../helpers/tiny-assets';

type Module = typeof import('./pages/adapters-page');

let test: TestPage;
const run = <Result>(body: (module: Module) => Result | Promise<Result>): Promise<Result> => inPage(test.page, 'test/contract/pages/adapters-page.ts', body, undefined);

beforeAll(async () => {
  test = await openTestPage();
  addTinyStyle(test.server.overrides);
});
afterAll(() => test.close());

/** Workers of the page: all must be gone once an adapter is closed. */
const untilNoWorkers = () => expect.poll(() => test.page.workers().length, { timeout: 60_000 }).toBe(0);

describe('LiveKit', () => {
  it('styles through setProcessor, goes on with another camera without loading anew, and gives the raw track back', async () => {
    const seen = await run(async ({ LiveKitStyleProcessor, LiveKitTrack, GREY, ONE_FACE, openFakeCamera, untilTrack }: Module) => {
      const camera = await openFakeCamera(ONE_FACE);
      const second = await openFakeCamera(ONE_FACE, 400, 300);
      const track = new LiveKitTrack(camera.track, undefined, true);
      // As published in a room: LiveKit replaces the track of a sender.
      const connection = new RTCPeerConnection();
      const sender = connection.addTrack(camera.track);
      track.sender = sender;
      const processor = new LiveKitStyleProcessor(GREY);
      await track.setProcessor(processor);
      await untilTrack(track.mediaStreamTrack, 'styled');
      const sent = [sender.track === processor.processedTrack];
      const { filter } = processor;
      await track.replaceTrack(second.track, { userProvidedTrack: true });
      await untilTrack(track.mediaStreamTrack, 'styled', 400);
      const sameFilter = processor.filter === filter;
      sent.push(sender.track === processor.processedTrack);
      await track.stopProcessor();
      sent.push(sender.track === second.track);
      await untilTrack(track.mediaStreamTrack, 'raw', 400);
      const left = [processor.filter, processor.processedTrack];
      await track.setProcessor(processor);
      await untilTrack(track.mediaStreamTrack, 'styled', 400);
      track.stop();
      connection.close();
      camera.stop();
      second.stop();
      return { sameFilter, sent, left: left.map((thing) => thing === undefined) };
    });
    expect(seen).toEqual({ sameFilter: true, sent: [true, true, true], left: [true, true] });
    await untilNoWorkers();
  });

  it('frees a filter that is destroyed while it loads', async () => {
    const left = await run(async ({ LiveKitStyleProcessor, GREY, ONE_FACE, openFakeCamera }: Module) => {
      const camera = await openFakeCamera(ONE_FACE);
      const processor = new LiveKitStyleProcessor(GREY);
      const init = processor.init({ track: camera.track });
      await processor.destroy();
      await init;
      camera.stop();
      return processor.processedTrack === undefined && processor.filter === undefined;
    });
    expect(left).toBe(true);
    await untilNoWorkers();
  });
});

describe('Twilio', () => {
  it('styles through addProcessor with either kind of canvas; a closed processor leaves the pipe running', async () => {
    const closed = await run(async ({ blackFrame, createTwilioProcessor, TWILIO_PROCESSOR_OPTIONS, TwilioTrack, GREY, ONE_FACE, openFakeCamera, untilTrack }: Module) => {
      const camera = await openFakeCamera(ONE_FACE);
      const closed: boolean[] = [];
      for (const outputFrameBufferContextType of ['2d', 'bitmaprenderer']) {
        const track = new TwilioTrack(camera.track.clone(), { logLevel: 'off' });
        document.body.append(track.attach());
        const processor = await createTwilioProcessor(GREY);
        track.addProcessor(processor, { ...TWILIO_PROCESSOR_OPTIONS, outputFrameBufferContextType });
        await untilTrack(track.processedTrack!, 'styled');
        await processor.close();
        const late = blackFrame();
        await processor.processFrame(late, document.createElement('canvas'));
        closed.push(late.format === null);
        track.removeProcessor(processor);
        track.detach().forEach((element) => element.remove());
        track.stop();
      }
      camera.stop();
      return closed;
    });
    expect(closed, 'frames are closed also when they come too late').toEqual([true, true]);
    await untilNoWorkers();
  });
});

describe('Amazon Chime', () => {
  it('styles in a video transform device, and is freed when the device stops', async () => {
    await run(async ({ createChimeProcessor, DefaultVideoTransformDevice, NoOpLogger, GREY, ONE_FACE, openFakeCamera, untilTrack }: Module) => {
      const camera = await openFakeCamera(ONE_FACE);
      const device = new DefaultVideoTransformDevice(new NoOpLogger(), camera.stream, [await createChimeProcessor(GREY)]);
      const output = await device.transformStream(camera.stream);
      await untilTrack(output.getVideoTracks()[0]!, 'styled');
      await device.stop();
      camera.stop();
    });
    await untilNoWorkers();
  });
});

describe('Jitsi', () => {
  it('starts at once, rests while muted, starts again on the next camera stream with its sound, and keeps its models', async () => {
    const seen = await run(async ({ createJitsiEffect, GREY, ONE_FACE, openFakeCamera, openTone, untilTrack }: Module) => {
      const tone = openTone();
      const effect = await createJitsiEffect(GREY);
      const cameraTrack = { isVideoTrack: () => true, videoType: 'camera' };
      const enabled = [cameraTrack, { ...cameraTrack, videoType: 'desktop' }, { isVideoTrack: () => false }].map((track) => effect.isEnabled(track));
      const sounds: boolean[] = [];
      const states: string[] = [];
      for (const [widthPx, heightPx] of [
        [320, 240],
        [400, 300],
      ] as const) {
        const camera = await openFakeCamera(ONE_FACE, widthPx, heightPx);
        const styled = effect.startEffect(new MediaStream([camera.track, tone.track]));
        const [video] = styled.getVideoTracks();
        await untilTrack(video!, 'styled', widthPx);
        sounds.push(styled.getAudioTracks()[0] === tone.track);
        effect.stopEffect();
        states.push(video!.readyState, camera.track.readyState);
        camera.stop();
      }
      await effect.close();
      await tone.close();
      return { enabled, sounds, states };
    });
    expect(seen.enabled).toEqual([true, false, false]);
    expect(seen.sounds).toEqual([true, true]);
    expect(seen.states, 'the styled track ends with the effect, the camera is Jitsi’s').toEqual(['ended', 'live', 'ended', 'live']);
    await untilNoWorkers();
  });
});

describe('Stream', () => {
  it('filters the camera as often as it is turned on; the stop of a replaced filter does not end its successor', async () => {
    const seen = await run(async ({ createStreamFilter, GREY, ONE_FACE, openFakeCamera, untilTrack }: Module) => {
      const camera = await openFakeCamera(ONE_FACE);
      const filter = await createStreamFilter(GREY);
      const first = filter.apply(camera.stream);
      await untilTrack(first.output.getVideoTracks()[0]!, 'styled');
      const second = filter.apply(camera.stream);
      first.stop();
      await untilTrack(second.output.getVideoTracks()[0]!, 'styled');
      second.stop();
      const ended = [first, second].map(({ output }) => output.getVideoTracks()[0]!.readyState);
      await filter.close();
      camera.stop();
      return ended;
    });
    expect(seen).toEqual(['ended', 'ended']);
    await untilNoWorkers();
  });
});

describe('a peer connection', () => {
  it('carries handle.stream: the receiver sees the styled face and hears the source', async () => {
    const seen = await run(async ({ StyleFilter, GREY, ONE_FACE, connect, openFakeCamera, openTone, untilSound, untilTrack }: Module) => {
      const camera = await openFakeCamera(ONE_FACE);
      const tone = openTone();
      const filter = await StyleFilter.attach(new MediaStream([camera.track, tone.track]), GREY);
      const call = await connect(filter.stream);
      const tracks = await call.received;
      await untilTrack(tracks.find(({ kind }) => kind === 'video')!, 'styled');
      await untilSound(call.receiver);
      call.close();
      await filter.detach();
      await tone.close();
      camera.stop();
      return tracks.map(({ kind }) => kind).sort();
    });
    expect(seen).toEqual(['audio', 'video']);
    await untilNoWorkers();
  });
});
