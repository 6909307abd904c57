import type { ConnectedViewer } from '../common/messages';
import type { WindowClient } from './worker-scope';

/** What an {@link EngineDocument} does to the browser. */
export interface DocumentHost {
  exists(): Promise<boolean>;
  open(): Promise<void>;
  close(): Promise<void>;
  /** The open document as somebody to post to; undefined where there is none. */
  find(): Promise<WindowClient | undefined>;
}

/**
 * The engine's document: opened for whoever wants to watch, closed when the engine has nobody left.
 * All of that happens one after another, so nobody is sent to a document that is about to be closed.
 */
export class EngineDocument {
  #turn: Promise<unknown> = Promise.resolve();
  /** The viewer that was sent last; a service worker that was stopped in between has forgotten it. */
  #newest: string | undefined;

  constructor(private readonly host: DocumentHost) {}

  /**
   * Sends a viewer to the engine, which starts where it does not run. Resolves when it is on its way.
   * @param viewer Read in its turn, so that it carries the newest settings.
   * @param ports Given away, unless this rejects.
   */
  connect(viewer: () => Promise<ConnectedViewer>, ports: readonly MessagePort[]): Promise<void> {
    return this.#next(async () => {
      if (!(await this.host.exists())) await this.host.open();
      const message = await viewer();
      const engine = await this.host.find();
      if (engine === undefined) throw new Error('The engine of the StyleFilter Camera could not be reached; try again.');
      engine.postMessage(message, ports);
      this.#newest = message.id;
    });
  }

  /**
   * Closes the document of an engine that has nobody to work for.
   * @param newest The last viewer the engine has met. If another one was sent since, it is still on its way, and the document stays.
   */
  closeIdle(newest: string | undefined): Promise<void> {
    return this.#next(async () => {
      const met = this.#newest === undefined || this.#newest === newest;
      if (met && (await this.host.exists())) await this.host.close();
    });
  }

  #next(work: () => Promise<void>): Promise<void> {
    const done = this.#turn.then(work);
    this.#turn = done.catch(() => undefined);
    return done;
  }
}
