import { CAMERA_LABEL } from '../common/messages';

/** Ids of the virtual camera for one origin: the same at each visit, and another one elsewhere, as those of real cameras are. */
export async function cameraIdsFor(origin: string): Promise<{ readonly deviceId: string; readonly groupId: string }> {
  const [deviceId, groupId] = await Promise.all(['device', 'group'].map((kind) => hexDigest(`${origin} ${CAMERA_LABEL} ${kind}`)));
  return { deviceId: deviceId!, groupId: groupId! };
}

async function hexDigest(text: string): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text));
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('');
}
