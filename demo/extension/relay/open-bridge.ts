import type { ConnectRequest, RuntimeMessage, Ticket } from '../common/messages';

/**
 * Hands a port over to the engine. A content script cannot pass ports on, but a page of the extension can: one is put
 * into the document for a moment. Neither the page's CSP nor its COEP keeps it out.
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
  const { port1: done, port2: told } = new MessageChannel();
  try {
    await new Promise<void>((resolve, reject) => {
      frame.addEventListener('load', () => frame.contentWindow?.postMessage({ ticket } satisfies ConnectRequest, new URL(frame.src).origin, [port, told]), { once: true });
      done.onmessage = ({ data }: MessageEvent<string | null>) => (data === null ? resolve() : reject(new DOMException(data, 'NotReadableError')));
      (document.body ?? document.documentElement).append(host);
    });
  } finally {
    done.close();
    host.remove();
  }
}
