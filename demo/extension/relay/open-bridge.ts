import { answerOf } from '../bridge/connect-viewer';
import type { ConnectRequest, RuntimeMessage, Ticket } from '../common/messages';

/**
 * Hands a port over to the engine. A content script cannot pass ports on, but a page of the extension can: one is put
 * into the document until the engine has the port. Neither the page's CSP nor its COEP keeps it out.
 * @throws {DOMException} `NotReadableError` if the engine could not be reached
 */
export async function openBridge(port: MessagePort): Promise<void> {
  const { ticket } = (await chrome.runtime.sendMessage({ type: 'open-camera' } satisfies RuntimeMessage)) as Ticket;
  const frame = document.createElement('iframe');
  frame.src = chrome.runtime.getURL('bridge.html');
  frame.style.display = 'none';
  frame.setAttribute('aria-hidden', 'true');
  const host = document.createElement('div');
  // Keeps the frame out of the page's sight and out of the reach of its scripts and styles.
  host.attachShadow({ mode: 'closed' }).append(frame);
  const { port1: answer, port2: told } = new MessageChannel();
  const target = new URL(frame.src).origin;
  frame.addEventListener('load', () => frame.contentWindow?.postMessage({ ticket } satisfies ConnectRequest, target, [port, told]), { once: true });
  // Not into the body: pages that are just building themselves replace what is in it.
  document.documentElement.append(host);
  try {
    await answerOf(answer);
  } catch (error) {
    throw new DOMException((error as Error).message, 'NotReadableError');
  } finally {
    host.remove();
  }
}
