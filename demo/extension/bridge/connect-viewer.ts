import type { ConnectRequest } from '../common/messages';

/**
 * Sends a viewer's port to the engine, by way of the service worker, which starts the engine where it does not run.
 * A page that goes away before the answer may take the message with it: whoever sends one stays until {@link answerOf}.
 * @param told Gets the engine's answer.
 * @param ticket What the service worker gave out for a page; pages of the extension itself need none.
 */
export async function connectViewer(port: MessagePort, told: MessagePort, ticket?: string): Promise<void> {
  const { active } = await navigator.serviceWorker.ready;
  if (active === null) throw new Error('The extension is being updated; try again.');
  active.postMessage({ ticket } satisfies ConnectRequest, [port, told]);
}

/**
 * Waits until the engine has taken a viewer's port.
 * @param port The other end of the port the engine answers through; closed afterwards.
 * @throws Error with the reason if it did not.
 */
export async function answerOf(port: MessagePort): Promise<void> {
  try {
    await new Promise<void>((resolve, reject) => {
      port.onmessage = ({ data }: MessageEvent<string | null>) => (data === null ? resolve() : reject(new Error(data)));
      port.addEventListener('close', () => reject(new Error('The StyleFilter Camera went away while it was being opened; try again.')));
    });
  } finally {
    port.close();
  }
}
