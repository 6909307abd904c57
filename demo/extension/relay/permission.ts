/** Whether the page itself may use cameras, as the browser and its user see it. */
export async function cameraPermission(): Promise<PermissionState> {
  try {
    return (await navigator.permissions.query({ name: 'camera' })).state;
  } catch {
    return 'prompt';
  }
}

/**
 * Lets only pages through that may use cameras; asks the user in the browser's own way where that is open.
 * Done here, in a world the page cannot reach, because the extension's own permission must not stand in for the page's.
 * @throws {DOMException} `NotAllowedError`, or why the browser could not ask
 */
export async function assertCameraAllowed(): Promise<void> {
  if ((await cameraPermission()) === 'granted') return;
  const stream = await navigator.mediaDevices.getUserMedia({ video: true });
  for (const track of stream.getTracks()) track.stop();
}
