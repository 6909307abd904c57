/** Compiled, never run: each adapter where the real package wants one, by that package's own types. */
import type { DefaultVideoTransformDevice, VideoFrameProcessor } from 'amazon-chime-sdk-js';
import type { LocalVideoTrack as LiveKitTrack, Room } from 'livekit-client';
import type { LocalVideoTrack as TwilioTrack, VideoProcessor } from 'twilio-video';
import { createChimeProcessor } from '../../sdk/adapters/chime';
import { createJitsiEffect } from '../../sdk/adapters/jitsi';
import { LiveKitStyleProcessor } from '../../sdk/adapters/livekit';
import { createStreamFilter } from '../../sdk/adapters/stream';
import { createTwilioProcessor, TWILIO_PROCESSOR_OPTIONS } from '../../sdk/adapters/twilio';

/** On a track, and as the processor that a capture begins with. */
export async function liveKit(track: LiveKitTrack, room: Room): Promise<void> {
  await track.setProcessor(new LiveKitStyleProcessor({ style: 'comic' }));
  await room.localParticipant.setCameraEnabled(true, { processor: new LiveKitStyleProcessor({ style: 'comic' }) });
}

/** On a track that is published or attached. */
export async function twilio(track: TwilioTrack): Promise<void> {
  const processor: VideoProcessor = await createTwilioProcessor({ style: 'comic' });
  track.addProcessor(processor, TWILIO_PROCESSOR_OPTIONS);
}

/** In a transform device. */
export async function chime(Device: typeof DefaultVideoTransformDevice, ...[logger, camera]: ConstructorParameters<typeof DefaultVideoTransformDevice>): Promise<DefaultVideoTransformDevice> {
  const processor: VideoFrameProcessor = await createChimeProcessor({ style: 'comic' });
  return new Device(logger, camera, [processor]);
}

/** lib-jitsi-meet's stream effect, in our words: the package publishes no types to any registry. */
interface JitsiStreamEffect {
  isEnabled(track: { isVideoTrack(): boolean; videoType: string }): boolean;
  startEffect(stream: MediaStream): MediaStream;
  stopEffect(): void;
}

/** On a local track. */
export async function jitsi(track: { setEffect(effect: JitsiStreamEffect | undefined): Promise<void> }): Promise<void> {
  await track.setEffect(await createJitsiEffect({ style: 'comic' }));
}

/** What Stream documents of its camera, in our words: its licence is for its customers only. */
interface StreamCamera {
  registerFilter(filter: (input: MediaStream) => { output: MediaStream; stop?: () => void }): { registered: Promise<void>; unregister: () => Promise<void> };
}

/** On a call's camera. */
export async function stream(call: { camera: StreamCamera }): Promise<void> {
  const filter = await createStreamFilter({ style: 'comic' });
  await call.camera.registerFilter(filter.apply).registered;
}

// An adapter decides where the picture goes.
// @ts-expect-error `output` is not an option of adapters.
export const refused = new LiveKitStyleProcessor({ style: 'comic', output: 'overlay' });
