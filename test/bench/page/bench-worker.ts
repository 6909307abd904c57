/** Where the engine lives in a real page, so that the benchmark lives there too: a module worker. */
import { measure, type BenchPlan, type BenchResult } from './measure';

/** The worker's only answer. */
export type BenchAnswer = { readonly result: BenchResult } | { readonly problem: string };

self.onmessage = ({ data }: MessageEvent<BenchPlan>) => {
  measure(data).then(
    (result) => self.postMessage({ result } satisfies BenchAnswer),
    (error: unknown) => self.postMessage({ problem: error instanceof Error ? (error.stack ?? error.message) : String(error) } satisfies BenchAnswer),
  );
};
