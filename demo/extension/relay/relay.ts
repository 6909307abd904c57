/** Runs in every page, in a world of its own: what the page's script may ask of the extension, and under which conditions. */
import { RELAY_HELLO, type CameraStatus, type RelayMessage, type RelayRequest } from '../common/messages';
import { readSettings, watchSettings } from '../common/settings';
import { cameraIdsFor } from './camera-ids';
import { openBridge } from './open-bridge';
import { assertCameraAllowed, cameraPermission } from './permission';

async function statusOfCamera(): Promise<CameraStatus> {
  const ids = await cameraIdsFor(self.origin);
  // Left behind by an extension that was updated or removed.
  if (chrome.runtime?.id === undefined) return { on: false, anyCamera: false, permission: 'prompt', ...ids };
  const [{ on, anyCamera }, permission] = await Promise.all([readSettings(), cameraPermission()]);
  return { on, anyCamera, permission, ...ids };
}

async function openCamera(port: MessagePort): Promise<undefined> {
  await assertCameraAllowed();
  await openBridge(port);
}

function serve(port: MessagePort): void {
  const send = (message: RelayMessage): void => port.postMessage(message);
  port.onmessage = ({ data: { call, id }, ports }: MessageEvent<RelayRequest>) => {
    const done = call === 'status' ? statusOfCamera() : openCamera(ports[0]!);
    done.then(
      (result) => send({ id, result }),
      (error: unknown) => send({ id, error: { name: error instanceof DOMException ? error.name : 'NotReadableError', message: error instanceof Error ? error.message : String(error) } }),
    );
  };
  watchSettings((now, before) => {
    if (now.on !== before.on) send({ changed: true });
  });
}

window.addEventListener('message', function greet(event: MessageEvent<unknown>) {
  const port = event.ports[0];
  if (event.source !== window || event.data !== RELAY_HELLO || port === undefined) return;
  window.removeEventListener('message', greet, true);
  event.stopImmediatePropagation();
  serve(port);
}, true);
