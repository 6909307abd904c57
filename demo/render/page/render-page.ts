/** Page side of `npm run render`: what the command calls in the headless browser. */
import type { FilterRequest } from '../request';
import type { RenderStats } from '../render-stats';
import { FrameRunner } from './frame-runner';
import { stylePicture } from './style-picture';
import { styleVideo, type Container } from './style-video';

/** One file to make. */
export interface PageJob {
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

async function render({ filter, target }: PageJob): Promise<PageResult> {
  const { StyleFilter } = (await import(SDK_URL)) as typeof import('../../../sdk/index');
  const { style, exemplar, backend, quality, maxFaces } = filter;
  const mode = target.kind === 'picture' ? 'still' : 'video';
  const options = { style: { id: style, exemplar }, backend, quality, maxFaces: maxFaces ?? (mode === 'still' ? 4 : 1) };
  const processor = await StyleFilter.createProcessor(options, mode);
  try {
    const runner = new FrameRunner(processor);
    let notes: readonly string[] = [];
    if (target.kind === 'picture') await stylePicture(target.type, runner);
    else notes = await styleVideo(target.container, runner, (share) => reportProgress(share, runner.frames));
    const stats = await runner.sumUp();
    const [failure] = runner.failures;
    if (failure !== undefined) notes = [...notes, `${runner.failures.length} of ${stats.frames} frames were left unstyled: ${failure}`];
    return { ok: true, stats, notes };
  } finally {
    await processor.close();
  }
}

globalThis.renderJob = async (job) => {
  try {
    return await render(job);
  } catch (error) {
    return { ok: false, problem: error instanceof Error ? error.message : String(error) };
  }
};
