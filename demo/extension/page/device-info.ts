import { CAMERA_LABEL } from '../common/messages';
import type { CameraIds } from './choose-camera';

/** The most the virtual camera gives; what it gives in fact depends on the real camera. */
export const MOST = { widthPx: 1280, heightPx: 720, frameRate: 30 } as const;

/** What the virtual camera can do, as `getCapabilities` says it. */
export function capabilitiesOf(ids: CameraIds, most: { readonly widthPx: number; readonly heightPx: number; readonly frameRate: number } = MOST): MediaTrackCapabilities {
  const { widthPx, heightPx, frameRate } = most;
  return {
    ...ids,
    width: { min: 1, max: widthPx },
    height: { min: 1, max: heightPx },
    aspectRatio: { min: 1 / heightPx, max: widthPx },
    frameRate: { min: 1, max: frameRate },
    facingMode: [],
    resizeMode: ['none', 'crop-and-scale'],
  } as MediaTrackCapabilities;
}

/** The virtual camera as `enumerateDevices` lists it. */
export function createDeviceInfo({ deviceId, groupId }: CameraIds): InputDeviceInfo {
  const fields = { deviceId, kind: 'videoinput', label: CAMERA_LABEL, groupId } as const;
  const getters = Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, { get: () => value, configurable: true }]));
  // The prototype's own getters refuse an object that the browser did not make, so they are covered.
  return Object.create(InputDeviceInfo.prototype, {
    ...getters,
    toJSON: { value: () => ({ ...fields }), configurable: true },
    getCapabilities: { value: () => capabilitiesOf({ deviceId, groupId }), configurable: true },
  }) as InputDeviceInfo;
}

/**
 * A list of devices with the virtual camera in it.
 * @param first Whether it stands before the other cameras, where pages look for their default.
 */
export function withVirtualCamera(devices: readonly MediaDeviceInfo[], ids: CameraIds, first: boolean): MediaDeviceInfo[] {
  const cameras = devices.filter(({ kind }) => kind === 'videoinput');
  // Before a page may use cameras it learns neither how many there are nor their names; then this one is not told of either.
  if (!cameras.some(({ deviceId }) => deviceId !== '')) return [...devices];
  const neighbour = first ? cameras[0]! : cameras[cameras.length - 1]!;
  const at = devices.indexOf(neighbour) + (first ? 0 : 1);
  return [...devices.slice(0, at), createDeviceInfo(ids), ...devices.slice(at)];
}
