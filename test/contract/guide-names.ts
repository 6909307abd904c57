/** What the pieces of code in `sdk/docs/calls.md` take for granted, by the mark after their fence (`checked=NAME`). */

const LIVEKIT = `declare const localVideoTrack: import('livekit-client').LocalVideoTrack;`;

const TWILIO = `declare const localVideoTrack: import('twilio-video').LocalVideoTrack;`;

const CHIME = `
declare const logger: import('amazon-chime-sdk-js').Logger;
declare const cameraId: string;
declare const meetingSession: import('amazon-chime-sdk-js').MeetingSession;`;

/** In our words: its licence is for its customers only. */
const STREAM = `
declare const call: {
  camera: { registerFilter(filter: (input: MediaStream) => { output: MediaStream; stop?: () => void }): { registered: Promise<void>; unregister: () => Promise<void> } };
};`;

/** In our words: it publishes no types. */
const JITSI = `
interface Effect {
  isEnabled(track: { isVideoTrack(): boolean; videoType: string }): boolean;
  startEffect(stream: MediaStream): MediaStream;
  stopEffect(): void;
}
declare const localVideoTrack: { setEffect(effect: Effect | undefined): Promise<void> };`;

const FILTER = `declare const filter: import('stylefilter').FilterHandle;`;

/** In our words, by the types of @daily-co/daily-js 0.87.0. */
const DAILY = `${FILTER}
declare const call: { setInputDevicesAsync(devices: { videoDeviceId?: string | false | null; videoSource?: MediaStreamTrack | false }): Promise<object> };`;

/** In our words, by the types of agora-rtc-sdk-ng 4.24.8. */
const AGORA = `${FILTER}
interface LocalTrack { close(): void }
declare const AgoraRTC: { createCustomVideoTrack(config: { mediaStreamTrack: MediaStreamTrack; bitrateMax?: number }): LocalTrack };
declare const client: { publish(tracks: LocalTrack | LocalTrack[]): Promise<void>; unpublish(tracks?: LocalTrack | LocalTrack[]): Promise<void> };`;

/** In our words, by the types of @opentok/client 2.35.2. */
const VONAGE = `${FILTER}
interface Publisher { destroy(): Publisher }
declare const OT: { initPublisher(target?: HTMLElement | string, properties?: { videoSource?: string | null | boolean | MediaStreamTrack; mirror?: boolean }): Publisher };
declare const session: { publish(publisher: Publisher, done?: (error?: Error) => void): Publisher };
declare const element: HTMLElement;`;

/** Declarations by mark. */
export const GUIDE_NAMES: Readonly<Record<string, string>> = {
  livekit: LIVEKIT,
  twilio: TWILIO,
  chime: CHIME,
  stream: STREAM,
  jitsi: JITSI,
  track: `import { StyleFilter } from 'stylefilter';`,
  daily: DAILY,
  agora: AGORA,
  vonage: VONAGE,
};
