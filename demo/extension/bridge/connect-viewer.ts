import type { ConnectRequest } from '../common/messages';

/**
 * Sends a viewer's port to the engine, by way of the service worker, which starts the engine where it does not run.
 * @param ticket What the service worker gave out for a page; pages of the extension itself need none.
 */
export async function connectViewer(port: MessagePort, ticket?: string): Promise<void> {
  const { active } = await navigator.serviceWorker.ready;
  if (active === null) throw new Error('The extension is being updated; try again.');
  active.postMessage({ ticket } satisfies ConnectRequest, [port]);
}
