/** What the tests of the adapters do in the page: the built adapters in the real packages, on a camera of our own. */
import TransformDevice from 'amazon-chime-sdk-js/build/videoframeprocessor/DefaultVideoTransformDevice';
import Logger from 'amazon-chime-sdk-js/build/logger/NoOpLogger';
import { LocalVideoTrack as LiveKitTrack } from 'livekit-client';
import { LocalVideoTrack as TwilioTrack } from 'twilio-video';
import { ONE_FACE, openFakeCamera, pixelsOf, TINY } from '../../browser/pages/filter-page';

export { LiveKitTrack, ONE_FACE, openFakeCamera, TwilioTrack };
export { StyleFilter, untilStats } from '../../browser/pages/filter-page';

/** The default export of a CommonJS module, which bundlers disagree about. */
const unwrap = <T>(module: T): T => (module as { default?: T }).default ?? module;
export const [DefaultVideoTransformDevice, NoOpLogger] = [unwrap(TransformDevice), unwrap(Logger)];

/** A style that makes each face grey, so that a styled frame is told from a raw one by its colour. */
export const GREY = { ...TINY, style: { id: 'tiny', exemplar: 'grey' } };

// By variables, so that they are the built adapters and not bundled in here.
const load = async <Module>(name: string): Promise<Module> => (await import(`/sdk/adapters/${name}.js`)) as Module;
export const { LiveKitStyleProcessor } = await load<typeof import('../../../sdk/adapters/livekit')>('livekit');
export const { createTwilioProcessor, TWILIO_PROCESSOR_OPTIONS } = await load<typeof import('../../../sdk/adapters/twilio')>('twilio');
export const { createChimeProcessor } = await load<typeof import('../../../sdk/adapters/chime')>('chime');
export const { createJitsiEffect } = await load<typeof import('../../../sdk/adapters/jitsi')>('jitsi');
export const { createStreamFilter } = await load<typeof import('../../../sdk/adapters/stream')>('stream');

/** Half the side of the patch in the middle of the picture that is looked at, in pixels. */
const PATCH_PX = 20;

/** Largest distance of the patch in the middle from the grey of a styled face, 0…255. */
function distanceFromGrey({ data, width, height }: ImageData): number {
  let distance = 0;
  for (let y = height / 2 - PATCH_PX; y < height / 2 + PATCH_PX; y += 1) {
    for (let x = width / 2 - PATCH_PX; x < width / 2 + PATCH_PX; x += 1) {
      for (let channel = 0; channel < 3; channel += 1) distance = Math.max(distance, Math.abs(data[4 * (y * width + x) + channel]! - 127.5));
    }
  }
  return distance;
}

/** Loose enough for a video codec, far from skin. */
const GREY_LIMIT = 16;
const LIMIT_MS = 60_000;

/** Waits until a track shows the face styled, or raw, in frames of this width. Rejects after a minute. */
export async function untilTrack(track: MediaStreamTrack, wanted: 'styled' | 'raw', widthPx = 320): Promise<void> {
  const copy = track.clone();
  const reader = new MediaStreamTrackProcessor({ track: copy as MediaStreamVideoTrack }).readable.getReader();
  const limit = setTimeout(() => void reader.cancel(), LIMIT_MS);
  const seen = new Set<string>();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) throw new Error(`The track showed no ${wanted} face in ${widthPx} pixels; seen were ${[...seen].join(', ') || 'no frames'}.`);
      const { displayWidth } = value;
      const isStyled = distanceFromGrey(pixelsOf(value)) < GREY_LIMIT;
      value.close();
      seen.add(`${isStyled ? 'styled' : 'raw'} ${displayWidth}`);
      if (displayWidth === widthPx && isStyled === (wanted === 'styled')) return;
    }
  } finally {
    clearTimeout(limit);
    await reader.cancel();
    copy.stop();
  }
}

/** A frame without anybody in it. */
export function blackFrame(): VideoFrame {
  return new VideoFrame(new Uint8Array(4 * 16 * 16), { format: 'RGBA', codedWidth: 16, codedHeight: 16, timestamp: 0 });
}

/** Two ends of a call in one page. */
export async function connect(stream: MediaStream): Promise<{ received: Promise<MediaStreamTrack[]>; receiver: RTCPeerConnection; close(): void }> {
  const [sender, receiver] = [new RTCPeerConnection(), new RTCPeerConnection()];
  sender.onicecandidate = ({ candidate }) => void receiver.addIceCandidate(candidate ?? undefined);
  receiver.onicecandidate = ({ candidate }) => void sender.addIceCandidate(candidate ?? undefined);
  const count = stream.getTracks().length;
  const tracks: MediaStreamTrack[] = [];
  const received = new Promise<MediaStreamTrack[]>((resolve) => {
    receiver.ontrack = ({ track }) => {
      if (tracks.push(track) === count) resolve(tracks);
    };
  });
  for (const track of stream.getTracks()) sender.addTrack(track, stream);
  await sender.setLocalDescription();
  await receiver.setRemoteDescription(sender.localDescription!);
  await receiver.setLocalDescription();
  await sender.setRemoteDescription(receiver.localDescription!);
  return {
    received,
    receiver,
    close() {
      sender.close();
      receiver.close();
    },
  };
}

/** A tone as a microphone would give it. */
export function openTone(): { track: MediaStreamTrack; close(): Promise<void> } {
  const context = new AudioContext();
  const oscillator = context.createOscillator();
  const destination = context.createMediaStreamDestination();
  oscillator.connect(destination);
  oscillator.start();
  return { track: destination.stream.getAudioTracks()[0]!, close: () => context.close() };
}

/** Waits until a receiver has got sound that is not silence. */
export async function untilSound(receiver: RTCPeerConnection): Promise<void> {
  // Sound is only decoded for someone who listens.
  const audio = new Audio();
  audio.srcObject = new MediaStream(receiver.getReceivers().map(({ track }) => track));
  await audio.play();
  for (const endMs = performance.now() + LIMIT_MS; performance.now() < endMs; ) {
    for (const report of (await receiver.getStats()).values() as Iterable<{ type: string; kind: string; totalAudioEnergy?: number }>) {
      if (report.type === 'inbound-rtp' && report.kind === 'audio' && (report.totalAudioEnergy ?? 0) > 0) return;
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error('No sound arrived.');
}
