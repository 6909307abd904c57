import { beforeEach, describe, expect, it } from 'vitest';
import { EngineDocument } from '../../../demo/extension/background/engine-document';
import type { ConnectedViewer } from '../../../demo/extension/common/messages';
import { DEFAULT_SETTINGS } from '../../../demo/extension/common/settings';

/** A browser whose answers take as long as the test wants. */
class FakeBrowser {
  readonly said: string[] = [];
  open = false;
  failsToOpen = false;
  readonly #waiting: (() => void)[] = [];

  readonly host = {
    exists: () => this.#later(() => this.open),
    open: () => this.#later(() => {
      if (this.failsToOpen) throw new Error('There is no room for a document.');
      this.said.push('open');
      this.open = true;
    }),
    close: () => this.#later(() => {
      this.said.push('close');
      this.open = false;
    }),
    find: () => this.#later(() => (this.open ? { url: '', postMessage: (message: unknown) => void this.said.push((message as ConnectedViewer).id) } : undefined)),
  };

  #later<T>(work: () => T): Promise<T> {
    return new Promise<void>((resolve) => this.#waiting.push(resolve)).then(work);
  }

  /** Answers one question after the other until nothing is asked any more. */
  async settle(): Promise<void> {
    for (let quiet = 0; quiet < 20; quiet += 1) {
      const next = this.#waiting.shift();
      if (next !== undefined) quiet = 0;
      next?.();
      await Promise.resolve();
    }
  }
}

let browser: FakeBrowser;
let engine: EngineDocument;
const viewer = (id: string) => (): Promise<ConnectedViewer> => Promise.resolve({ id, viewer: 'page', settings: DEFAULT_SETTINGS });

beforeEach(() => {
  browser = new FakeBrowser();
  engine = new EngineDocument(browser.host);
});

describe('the engine’s document', () => {
  it('is opened for the first viewer only', async () => {
    void engine.connect(viewer('one'), []);
    void engine.connect(viewer('two'), []);
    await browser.settle();
    expect(browser.said).toEqual(['open', 'one', 'two']);
  });

  it('is closed when the engine has met everybody and has nobody left', async () => {
    void engine.connect(viewer('one'), []);
    void engine.closeIdle('one');
    await browser.settle();
    expect(browser.said).toEqual(['open', 'one', 'close']);
  });

  it('stays when somebody is on the way whom the engine has not met yet', async () => {
    void engine.connect(viewer('one'), []);
    void engine.connect(viewer('two'), []);
    void engine.closeIdle('one');
    await browser.settle();
    expect(browser.said).toEqual(['open', 'one', 'two']);
  });

  it('is opened anew for a viewer who comes while it is being closed', async () => {
    void engine.connect(viewer('one'), []);
    await browser.settle();
    void engine.closeIdle('one');
    void engine.connect(viewer('two'), []);
    await browser.settle();
    expect(browser.said).toEqual(['open', 'one', 'close', 'open', 'two']);
  });

  it('is closed too by a service worker that was stopped meanwhile and remembers nobody', async () => {
    browser.open = true;
    void engine.closeIdle('one');
    await browser.settle();
    expect(browser.said).toEqual(['close']);
  });

  it('takes the next viewer after one that could not be sent', async () => {
    browser.failsToOpen = true;
    const failed = expect(engine.connect(viewer('one'), [])).rejects.toThrow('no room');
    await browser.settle();
    await failed;
    browser.failsToOpen = false;
    void engine.connect(viewer('two'), []);
    await browser.settle();
    expect(browser.said).toEqual(['open', 'two']);
  });
});
