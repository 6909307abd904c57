import { meansVirtualCamera } from './choose-camera';
import { withVirtualCamera } from './device-info';
import { interceptMethod } from './intercept';
import { markTrack } from './patch-tracks';
import type { RelayLink } from './relay-link';
import type { CameraStatus } from '../common/messages';
import { VirtualCamera } from './virtual-camera';

type GetUserMedia = (constraints: MediaStreamConstraints) => Promise<MediaStream>;

/** Lets `navigator.mediaDevices` list the virtual camera and open it. */
export function patchDevices(link: RelayLink): void {
  const devices = MediaDevices.prototype;
  interceptMethod(devices, 'enumerateDevices', async (native, self, args) => {
    const list = (await native.apply(self, args)) as MediaDeviceInfo[];
    const status = await link.status();
    return status.on ? withVirtualCamera(list, status, status.anyCamera) : list;
  });
  interceptMethod(devices, 'getUserMedia', (native, self, args) => open(link, (constraints) => native.call(self, constraints) as Promise<MediaStream>, args[0]));
  const legacy = ['getUserMedia', 'webkitGetUserMedia'];
  for (const name of legacy) interceptMethod(Navigator.prototype, name, (native, self, args) => openWithCallbacks(link, native, self, args));
  link.onChange = () => navigator.mediaDevices.dispatchEvent(new Event('devicechange'));
}

async function open(link: RelayLink, native: GetUserMedia, asked: unknown): Promise<MediaStream> {
  const constraints = (asked ?? {}) as MediaStreamConstraints;
  const status = await meant(link, constraints);
  return status === undefined ? native(asked as MediaStreamConstraints) : openVirtual(link, status, native, constraints);
}

/** The virtual camera's status if the request means it. */
async function meant(link: RelayLink, constraints: MediaStreamConstraints): Promise<CameraStatus | undefined> {
  if (typeof constraints !== 'object' || !constraints.video) return undefined;
  const status = await link.status();
  return status.on && meansVirtualCamera(constraints.video, status, status.anyCamera) ? status : undefined;
}

async function openVirtual(link: RelayLink, status: CameraStatus, native: GetUserMedia, { audio, video }: MediaStreamConstraints): Promise<MediaStream> {
  const sound = await openSound(native, audio, status.permission === 'prompt');
  try {
    const constraints = typeof video === 'object' ? video : {};
    const { deviceId, groupId } = status;
    const [camera, track] = await VirtualCamera.open((port) => link.open(port), { deviceId, groupId }, constraints);
    markTrack(track, camera, constraints);
    return new MediaStream([...sound, track]);
  } catch (error) {
    for (const track of sound) track.stop();
    throw error;
  }
}

/** The microphone as the browser itself opens it; together with the camera where the user is to be asked for both at once. */
async function openSound(native: GetUserMedia, audio: MediaStreamConstraints['audio'], askForBoth: boolean): Promise<MediaStreamTrack[]> {
  if (audio === undefined || audio === false) return [];
  const stream = await native({ audio, video: askForBoth });
  for (const track of stream.getVideoTracks()) track.stop();
  return stream.getAudioTracks();
}

function openWithCallbacks(link: RelayLink, native: (this: unknown, ...args: unknown[]) => unknown, self: unknown, args: unknown[]): void {
  const [asked, onStream, onError] = args as [MediaStreamConstraints, (stream: MediaStream) => void, (error: unknown) => void];
  const viaPromise = async (): Promise<void> => {
    const status = await meant(link, asked ?? {});
    if (status === undefined) return void native.apply(self, args);
    const devices = navigator.mediaDevices;
    // The promise form passes by here once more and comes to the same decision.
    await devices.getUserMedia(asked).then(onStream, onError);
  };
  viaPromise().catch(onError);
}
