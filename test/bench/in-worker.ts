import type { Page } from 'puppeteer';
import type { BenchAnswer, BenchOrder, BenchTasks } from './page/bench-worker';

/**
 * Has something measured in a worker of the page.
 * @throws Error with what went wrong there
 */
export async function measureInWorker<Task extends keyof BenchTasks>(page: Page, task: Task, plan: BenchOrder<Task>['plan']): Promise<Awaited<ReturnType<BenchTasks[Task]>>> {
  const answer = (await page.evaluate(
    (order) => {
      const worker = new Worker('/bundle/test/bench/page/bench-worker.ts', { type: 'module' });
      return new Promise<unknown>((done) => {
        worker.onmessage = ({ data }: MessageEvent<unknown>) => done(data);
        worker.onerror = ({ message }) => done({ problem: message });
        worker.postMessage(order);
      }).finally(() => worker.terminate());
    },
    { task, plan } as unknown as Record<string, string>,
  )) as BenchAnswer<Task>;
  if ('problem' in answer) throw new Error(answer.problem);
  return answer.result;
}
