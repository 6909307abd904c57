/** Page side of `npm run render`: what the command calls in the headless browser. */
import type { FrameProcessor } from '../../../sdk/index';
import type { FilterRequest } from '../request';
import type { RenderStats } from '../render-stats';
import { FrameRunner } from './frame-runner';
import { stylePicture } from './style-picture';
import { styleVideo, type Container } from './style-video';

/** One file to make. */
export interface PageJob {
  /** Address of the input, another one for each job: browsers keep parts of what they fetched. */
  readonly inputUrl: string;
  readonly filter: FilterRequest;
  readonly target: { readonly kind: 'video'; readonly container: Container } | { readonly kind: 'picture'; readonly type: 'image/png' | 'image/jpeg' };
}

/** What came of it: `problem` completes “FILE could not be styled: …”. */
export type PageResult =
  | { readonly ok: true; readonly stats: RenderStats; readonly notes: readonly string[] }
  | { readonly ok: false; readonly problem: string };

declare global {
  /** Installed by the command. */
  function reportProgress(share: number, frames: number): void;
  /** Makes one file. Never rejects. */
  function renderJob(job: PageJob): Promise<PageResult>;
}

/** The library as it is built, not as it is in the sources: the command renders what a page would get. */
const SDK_URL = '/sdk/index.js';

async function startFilter({ style, exemplar, backend, quality, maxFaces }: FilterRequest, mode: 'video' | 'still'): Promise<FrameProcessor> {
  const { StyleFilter } = (await import(SDK_URL)) as typeof import('../../../sdk/index');
  return StyleFilter.createProcessor({ style: { id: style, exemplar }, backend, quality, maxFaces: maxFaces ?? (mode === 'still' ? 4 : 1) }, mode);
}

async function render({ inputUrl, filter, target }: PageJob): Promise<PageResult> {
  let processor: FrameProcessor | undefined;
  // Started only when the input has turned out to be readable.
  const openRunner = async (): Promise<FrameRunner> => {
    processor = await startFilter(filter, target.kind === 'picture' ? 'still' : 'video');
    return new FrameRunner(processor);
  };
  try {
    const { runner, notes } =
      target.kind === 'picture'
        ? await stylePicture(inputUrl, target.type, openRunner)
        : await styleVideo(inputUrl, target.container, openRunner, (share, frames) => reportProgress(share, frames));
    const stats = await runner.sumUp();
    const [failure] = runner.failures;
    const left = failure === undefined ? [] : [`${runner.failures.length} of ${stats.frames} frames were left unstyled: ${failure}`];
    return { ok: true, stats, notes: [...notes, ...left] };
  } finally {
    await processor?.close();
  }
}

globalThis.renderJob = async (job) => {
  try {
    return await render(job);
  } catch (error) {
    return { ok: false, problem: error instanceof Error ? error.message : String(error) };
  }
};
