import { StyleFilter, type FilterHandle } from '../../../sdk/index';
import { toFilterOptions, type CameraSettings } from '../common/settings';

/** The filter over whatever camera is in use; cameras change under it without anything being loaded again. */
export class Styler {
  readonly #video = document.createElement('video');
  readonly #filter: Promise<FilterHandle>;

  /**
   * Begins to load.
   * @param settings The style and what stands in for a frame that cannot be styled.
   * @param onProblem Hears in words what is wrong; an empty text when it no longer is.
   */
  constructor(settings: CameraSettings, private readonly onProblem: (text: string) => void) {
    this.#video.muted = true;
    this.#filter = this.#attach(settings);
    this.#filter.catch((error: unknown) => onProblem(error instanceof Error ? error.message : String(error)));
  }

  /** The styled pictures. Rejects if the filter could not be loaded. */
  async track(): Promise<MediaStreamTrack> {
    return (await this.#filter).track;
  }

  /** Styles this camera from now on; undefined lets go of the one before. */
  show(track: MediaStreamTrack | undefined): void {
    this.#video.srcObject = track === undefined ? null : new MediaStream([track]);
    if (track !== undefined) this.#video.play().catch(() => undefined); // overtaken by the next camera
  }

  /** Brings settings into force; an error leaves the old ones and is told. */
  async change(settings: CameraSettings): Promise<void> {
    try {
      await (await this.#filter).setOptions(toFilterOptions(settings));
      this.onProblem('');
    } catch (error) {
      this.onProblem(error instanceof Error ? error.message : String(error));
    }
  }

  /** Frees everything. */
  async close(): Promise<void> {
    this.show(undefined);
    const filter = await this.#filter.catch(() => undefined);
    await filter?.detach();
  }

  async #attach(settings: CameraSettings): Promise<FilterHandle> {
    const filter = await StyleFilter.attach(this.#video, { ...toFilterOptions(settings), output: 'none' });
    filter.error$.subscribe((error) => {
      // Warnings, such as that the processor does the work, need nothing done about them.
      if (error.fatal || error.code === 'stage-failed') this.onProblem(error.message);
    });
    return filter;
  }
}
