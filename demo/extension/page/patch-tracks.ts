import { CAMERA_LABEL } from '../common/messages';
import { capabilitiesOf } from './device-info';
import { interceptGetter, interceptMethod } from './intercept';
import type { VirtualCamera } from './virtual-camera';

interface VirtualTrack {
  readonly camera: VirtualCamera;
  constraints: MediaTrackConstraints;
}

const virtual = new WeakMap<MediaStreamTrack, VirtualTrack>();

/** Makes a track answer as one of the virtual camera. */
export function markTrack(track: MediaStreamTrack, camera: VirtualCamera, constraints: MediaTrackConstraints): void {
  virtual.set(track, { camera, constraints });
}

/** Lets tracks of the virtual camera answer as a camera's do; all others answer as before. */
export function patchTracks(): void {
  const tracks = MediaStreamTrack.prototype;
  interceptGetter(tracks, 'label', (native, self) => (virtual.has(self) ? CAMERA_LABEL : native()));
  interceptMethod(tracks, 'getConstraints', (native, self, args) => (virtual.has(self) ? { ...virtual.get(self)!.constraints } : native.apply(self, args)));
  interceptMethod(tracks, 'getCapabilities', (native, self, args) => {
    const known = virtual.get(self);
    return known ? capabilitiesOf(known.camera.ids, known.camera.most) : native.apply(self, args);
  });
  interceptMethod(tracks, 'getSettings', (native, self, args) => {
    const known = virtual.get(self);
    return known ? settingsOf(known.camera) : native.apply(self, args);
  });
  interceptMethod(tracks, 'applyConstraints', (native, self, args) => {
    const known = virtual.get(self);
    return known ? apply(known, (args[0] ?? {})) : native.apply(self, args);
  });
  interceptMethod(tracks, 'clone', (native, self, args) => {
    const clone = native.apply(self, args) as MediaStreamTrack;
    passOn(self, clone);
    return clone;
  });
  interceptMethod(tracks, 'stop', (native, self, args) => {
    native.apply(self, args);
    virtual.get(self)?.camera.release();
  });
  interceptMethod(MediaStream.prototype, 'clone', (native, self, args) => {
    const clone = native.apply(self, args) as MediaStream;
    const copies = clone.getVideoTracks();
    self.getVideoTracks().forEach((track, index) => passOn(track, copies[index]));
    return clone;
  });
}

function passOn(from: MediaStreamTrack, to: MediaStreamTrack | undefined): void {
  const known = virtual.get(from);
  if (known === undefined || to === undefined) return;
  known.camera.adopt(to);
  virtual.set(to, { ...known });
}

function settingsOf({ ids, format }: VirtualCamera): MediaTrackSettings {
  const { widthPx, heightPx, frameRate } = format;
  return { ...ids, width: widthPx, height: heightPx, aspectRatio: widthPx / heightPx, frameRate, resizeMode: 'crop-and-scale' } as MediaTrackSettings;
}

async function apply(known: VirtualTrack, constraints: MediaTrackConstraints): Promise<void> {
  await known.camera.applyConstraints(constraints);
  known.constraints = { ...constraints };
}
