import { make } from '../../page/dom';

/** The cameras this extension may use; undefined while it may use none. */
export async function allowedCameras(): Promise<readonly MediaDeviceInfo[] | undefined> {
  const { state } = await navigator.permissions.query({ name: 'camera' });
  if (state !== 'granted') return undefined;
  return (await navigator.mediaDevices.enumerateDevices()).filter(({ kind }) => kind === 'videoinput');
}

/** Fills a list with cameras. */
export function showCameras(select: HTMLSelectElement, cameras: readonly MediaDeviceInfo[], currentId: string): void {
  const options = cameras.map(({ deviceId, label }) => make('option', { value: deviceId }, label));
  select.replaceChildren(make('option', { value: '' }, 'The browser’s own choice'), ...options);
  select.value = cameras.some(({ deviceId }) => deviceId === currentId) ? currentId : '';
}
