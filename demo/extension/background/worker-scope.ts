/** What the service worker uses of its global scope; the compiler's library for pages does not know it. */
export interface ExtensionWorker {
  readonly clients: {
    matchAll(options: { readonly type: 'window'; readonly includeUncontrolled: boolean }): Promise<readonly WindowClient[]>;
  };
  addEventListener(type: 'message', listener: (event: ClientMessageEvent) => void): void;
}

/** A page of the extension. */
export interface WindowClient {
  readonly url: string;
  postMessage(message: unknown, transfer: readonly Transferable[]): void;
}

/** A message from a page of the extension. */
export interface ClientMessageEvent {
  readonly data: unknown;
  readonly ports: readonly MessagePort[];
  readonly source: WindowClient | null;
  waitUntil(work: Promise<unknown>): void;
}
