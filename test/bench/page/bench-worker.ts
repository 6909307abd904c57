/** Where the engine lives in a real page, so that the benchmarks live there too: a module worker. */
import { measure } from './measure';
import { measurePeer } from './peer-speed';
import { measureStyleInputs } from './style-inputs';

const TASKS = { measure, measurePeer, measureStyleInputs };

/** What can be measured, by name. */
export type BenchTasks = typeof TASKS;
/** The worker's only message in. */
export interface BenchOrder<Task extends keyof BenchTasks> {
  readonly task: Task;
  readonly plan: Parameters<BenchTasks[Task]>[0];
}
/** The worker's only answer. */
export type BenchAnswer<Task extends keyof BenchTasks> = { readonly result: Awaited<ReturnType<BenchTasks[Task]>> } | { readonly problem: string };

self.onmessage = <Task extends keyof BenchTasks>({ data: { task, plan } }: MessageEvent<BenchOrder<Task>>) => {
  const work = TASKS[task] as (plan: Parameters<BenchTasks[Task]>[0]) => ReturnType<BenchTasks[Task]>;
  work(plan).then(
    (result) => self.postMessage({ result }),
    (error: unknown) => self.postMessage({ problem: error instanceof Error ? (error.stack ?? error.message) : String(error) }),
  );
};
