import { FilterError, type FilterErrorCode, type FilterErrorStage } from '../errors';

/** A {@link FilterError} as it crosses a port, where classes and their fields are lost. */
export interface ErrorData {
  readonly code: FilterErrorCode;
  readonly message: string;
  readonly stage: FilterErrorStage | undefined;
  readonly fatal: boolean;
  readonly cause: string | undefined;
}

/** Makes an error ready for a port. Other errors become `stage-failed`. */
export function toErrorData(error: unknown): ErrorData {
  const cause = error instanceof Error ? error.cause : undefined;
  const causeText = cause instanceof Error ? (cause.stack ?? cause.message) : undefined;
  if (error instanceof FilterError) return { code: error.code, message: error.message, stage: error.stage, fatal: error.fatal, cause: causeText };
  return { code: 'stage-failed', message: error instanceof Error ? error.message : String(error), stage: undefined, fatal: false, cause: causeText };
}

/** The error on the other side of the port. */
export function fromErrorData(data: ErrorData): FilterError {
  return new FilterError(data.code, data.message, { stage: data.stage, fatal: data.fatal, cause: data.cause });
}

/** Asynchronous functions by name that one side offers the other. */
export type CallMap = Record<string, (argument: never) => unknown>;

/** Messages without an answer, by name. */
export type EventMap = Record<string, unknown>;

type Message =
  | { readonly kind: 'call'; readonly id: number; readonly name: string; readonly argument: unknown }
  | { readonly kind: 'result'; readonly id: number; readonly value: unknown }
  | { readonly kind: 'failure'; readonly id: number; readonly error: ErrorData }
  | { readonly kind: 'event'; readonly name: string; readonly value: unknown };

/** A value together with what of it changes hands. */
export class Transferred<T> {
  constructor(
    readonly value: T,
    readonly transfer: Transferable[],
  ) {}
}

/** What the other side is answered with. */
export interface PortHandlers {
  /** Answers a call; may return a {@link Transferred}. */
  readonly onCall: (name: string, argument: unknown) => unknown;
  /** Takes an event. */
  readonly onEvent: (name: string, value: unknown) => void;
}

/** Calls with answers and events without, over one MessagePort; both sides use the same class. */
export class PortCalls {
  readonly #pending = new Map<number, { resolve: (value: unknown) => void; reject: (error: FilterError) => void }>();
  #nextId = 1;
  #closed = false;

  constructor(
    private readonly port: MessagePort,
    private readonly handlers: PortHandlers,
  ) {
    port.onmessage = (event: MessageEvent<Message>) => this.#take(event.data);
    port.start();
  }

  /** Calls a function of the other side. Rejects with its {@link FilterError}, or with `closed`. */
  call(name: string, argument?: unknown, transfer: Transferable[] = []): Promise<unknown> {
    return new Promise((resolve, reject) => {
      if (this.#closed) return reject(closedError());
      const id = this.#nextId++;
      this.#pending.set(id, { resolve, reject });
      this.#post({ kind: 'call', id, name, argument }, transfer);
    });
  }

  /** Sends an event to the other side; nothing happens after {@link close}. */
  send(name: string, value?: unknown, transfer: Transferable[] = []): void {
    if (!this.#closed) this.#post({ kind: 'event', name, value }, transfer);
  }

  /** Closes the port; calls still waiting reject with `error`. Idempotent. */
  close(error: FilterError = closedError()): void {
    if (this.#closed) return;
    this.#closed = true;
    this.port.onmessage = null;
    this.port.close();
    for (const { reject } of this.#pending.values()) reject(error);
    this.#pending.clear();
  }

  #post(message: Message, transfer: Transferable[]): void {
    this.port.postMessage(message, transfer);
  }

  #take(message: Message): void {
    switch (message.kind) {
      case 'event':
        return this.handlers.onEvent(message.name, message.value);
      case 'call':
        return void this.#answer(message.id, message.name, message.argument);
      case 'result':
        this.#pending.get(message.id)?.resolve(message.value);
        break;
      case 'failure':
        this.#pending.get(message.id)?.reject(fromErrorData(message.error));
    }
    this.#pending.delete(message.id);
  }

  async #answer(id: number, name: string, argument: unknown): Promise<void> {
    try {
      const value: unknown = await this.handlers.onCall(name, argument);
      if (this.#closed) return;
      if (value instanceof Transferred) this.#post({ kind: 'result', id, value: value.value }, value.transfer);
      else this.#post({ kind: 'result', id, value }, []);
    } catch (error) {
      if (!this.#closed) this.#post({ kind: 'failure', id, error: toErrorData(error) }, []);
    }
  }
}

function closedError(): FilterError {
  return new FilterError('closed', 'The filter was detached and can no longer be used; attach it again.');
}
