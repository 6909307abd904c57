import { StyleFilter, type FilterHandle, type StyleFilterOptions } from '../../sdk/index';

/** How long to wait before a filter that has failed is started again. */
const RESTART_MS = 5000;

/** The styled picture on the page: seen only while it is live. */
export class StyledView {
  readonly #video = document.createElement('video');
  readonly #root: HTMLElement;
  readonly #options: StyleFilterOptions;
  readonly #onProblem: (text: string) => void;
  #filter: FilterHandle | undefined;
  #frames = 0;
  /** Styled pictures after which there is a new one to be seen. */
  #showAfter = 0;
  #live = false;

  /**
   * Begins to load the filter.
   * @param root Where the picture is put.
   * @param onProblem Hears in words what is wrong.
   */
  constructor(root: HTMLElement, options: StyleFilterOptions, onProblem: (text: string) => void) {
    this.#root = root;
    this.#options = options;
    this.#onProblem = onProblem;
    this.#video.muted = true;
    void this.#start();
  }

  /** Styles this stream from now on. */
  play(stream: MediaStream): void {
    this.#video.srcObject = stream;
    this.#video.play().catch(() => undefined); // overtaken by the next stream
    this.setLive(true);
  }

  /** Whether the source gives pictures. The last one of a source that does not is not left standing. */
  setLive(live: boolean): void {
    this.#live = live;
    this.#showAfter = this.#frames;
    if (!live) this.#show(false);
  }

  async #start(): Promise<void> {
    try {
      const filter = await StyleFilter.attach(this.#video, { ...this.#options, output: 'none' });
      this.#filter = filter;
      this.#frames = this.#showAfter = 0;
      this.#show(false);
      this.#root.replaceChildren(filter.canvas);
      filter.error$.subscribe((error) => this.#onProblem(error.message));
      filter.stats$.subscribe(({ frames }) => {
        this.#frames = frames;
        if (this.#live && frames > this.#showAfter) this.#show(true);
      });
      filter.state$.subscribe((state) => {
        if (state === 'failed') void this.#restart();
      });
    } catch (error) {
      this.#onProblem(error instanceof Error ? error.message : String(error));
      void this.#restart();
    }
  }

  /** A stream runs for hours: what has failed for good is begun anew. */
  async #restart(): Promise<void> {
    const filter = this.#filter;
    this.#filter = undefined;
    this.#root.replaceChildren();
    await filter?.detach();
    setTimeout(() => void this.#start(), RESTART_MS);
  }

  #show(shown: boolean): void {
    this.#root.classList.toggle('live', shown);
  }
}
