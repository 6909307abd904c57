/** Which camera a page's constraints mean. */

/** The virtual camera as constraints name it. */
export interface CameraIds {
  readonly deviceId: string;
  readonly groupId: string;
}

/** Constraints of before 2016, which Chrome still takes. */
interface LegacyConstraints {
  readonly mandatory?: Readonly<Record<string, unknown>>;
  readonly optional?: readonly Readonly<Record<string, unknown>>[];
}

interface Wish {
  readonly exact: readonly string[] | undefined;
  readonly ideal: readonly string[];
}

/**
 * Whether the virtual camera answers a request for video.
 * @param video As the page gave it to `getUserMedia`, not trusted.
 * @param ids The virtual camera's.
 * @param anyCamera Whether it is also meant where the page does not say which.
 */
export function meansVirtualCamera(video: unknown, ids: CameraIds, anyCamera: boolean): boolean {
  if (video === undefined || video === null || video === false) return false;
  if (typeof video !== 'object') return anyCamera;
  const constraints = video as MediaTrackConstraints & LegacyConstraints;
  if (constraints.mandatory?.['chromeMediaSource'] !== undefined) return false;
  const facing = wishOf(constraints.facingMode);
  if (facing.exact !== undefined || facing.ideal.includes('environment')) return false;
  const device = deviceWish(constraints);
  const group = wishOf(constraints.groupId);
  if (device.exact !== undefined || group.exact !== undefined) {
    return (device.exact?.includes(ids.deviceId) ?? true) && (group.exact?.includes(ids.groupId) ?? true);
  }
  if (device.ideal.length > 0) return device.ideal.includes(ids.deviceId);
  return group.ideal.length > 0 ? group.ideal.includes(ids.groupId) : anyCamera;
}

function deviceWish(constraints: MediaTrackConstraints & LegacyConstraints): Wish {
  const { exact, ideal } = wishOf(constraints.deviceId);
  const mandatory = strings(constraints.mandatory?.['sourceId']);
  const optional = (constraints.optional ?? []).flatMap((set) => strings(set['sourceId']));
  // A bare value in an advanced set counts as exact, but a set that cannot be met is passed over: an ideal, in effect.
  const advanced = (constraints.advanced ?? []).flatMap((set) => [...(wishOf(set.deviceId).exact ?? []), ...wishOf(set.deviceId).ideal]);
  return { exact: exact ?? (mandatory.length > 0 ? mandatory : undefined), ideal: [...ideal, ...optional, ...advanced] };
}

function wishOf(value: ConstrainDOMString | undefined): Wish {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return { exact: undefined, ideal: strings(value) };
  return { exact: value.exact === undefined ? undefined : strings(value.exact), ideal: strings(value.ideal) };
}

function strings(value: unknown): string[] {
  const list: unknown[] = Array.isArray(value) ? value : [value];
  return list.filter((item): item is string => typeof item === 'string' && item !== '');
}
