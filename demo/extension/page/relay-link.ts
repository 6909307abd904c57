import { RELAY_HELLO, type CameraStatus, type RelayMessage, type RelayRequest } from '../common/messages';

interface Waiting {
  resolve(result: CameraStatus | undefined): void;
  reject(error: Error): void;
}

/** The page script's line to the relay, the part of the extension that may speak to the rest of it. */
export class RelayLink {
  /** Called when the camera appears or disappears. */
  onChange: (() => void) | undefined;
  readonly #port: MessagePort;
  readonly #waiting = new Map<number, Waiting>();
  #calls = 0;

  /** Says hello to the relay of this window. */
  constructor() {
    const { port1, port2 } = new MessageChannel();
    this.#port = port1;
    port1.onmessage = ({ data }: MessageEvent<RelayMessage>) => this.#hear(data);
    window.postMessage(RELAY_HELLO, '*', [port2]);
  }

  /** How the camera stands for this page. */
  async status(): Promise<CameraStatus> {
    return (await this.#call('status'))!;
  }

  /** Connects a port with the engine. Rejects with a `DOMException` if the page may not use cameras. */
  async open(port: MessagePort): Promise<void> {
    await this.#call('open', [port]);
  }

  #call(call: RelayRequest['call'], transfer: Transferable[] = []): Promise<CameraStatus | undefined> {
    const id = (this.#calls += 1);
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#port.postMessage({ call, id } satisfies RelayRequest, transfer);
    });
  }

  #hear(message: RelayMessage): void {
    if ('changed' in message) return this.onChange?.();
    const waiting = this.#waiting.get(message.id);
    this.#waiting.delete(message.id);
    if ('error' in message) waiting?.reject(new DOMException(message.error.message, message.error.name));
    else waiting?.resolve(message.result);
  }
}
