/** The part of Chrome's extension API that the virtual camera uses. */
declare namespace chrome {
  interface MessageSender {
    readonly id?: string;
    readonly url?: string;
    readonly origin?: string;
  }

  interface ChromeEvent<Listener extends (...args: never[]) => unknown> {
    addListener(listener: Listener): void;
    removeListener(listener: Listener): void;
  }

  interface StorageChange {
    readonly newValue?: unknown;
    readonly oldValue?: unknown;
  }

  const runtime: {
    /** Undefined once the extension has been updated or removed under a page that still runs its script. */
    readonly id: string | undefined;
    getURL(path: string): string;
    sendMessage(message: unknown): Promise<unknown>;
    readonly onMessage: ChromeEvent<(message: unknown, sender: MessageSender, sendResponse: (response: unknown) => void) => boolean | undefined>;
    readonly onInstalled: ChromeEvent<(details: { readonly reason: string }) => void>;
  };

  const storage: {
    readonly local: {
      get(key: string): Promise<Record<string, unknown>>;
      set(items: Record<string, unknown>): Promise<void>;
    };
    readonly onChanged: ChromeEvent<(changes: Readonly<Record<string, StorageChange>>, area: string) => void>;
  };

  const offscreen: {
    createDocument(options: { readonly url: string; readonly reasons: readonly string[]; readonly justification: string }): Promise<void>;
    closeDocument(): Promise<void>;
    hasDocument(): Promise<boolean>;
  };

  const tabs: {
    create(options: { readonly url: string }): Promise<unknown>;
  };
}
