import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { inPage } from '../helpers/in-page';
import { openTestPage, type TestPage } from '../helpers/launch';
import { serveTiny, tinyStyle } from '../helpers/tiny-style';

type Module = typeof import('./pages/generate-page');

let test: TestPage;

beforeAll(async () => {
  test = await openTestPage();
  serveTiny(tinyStyle(), test.server.overrides);
});
afterAll(() => test.close());

function run<Result>(body: (module: Module) => Promise<Result>): Promise<Result> {
  return inPage(test.page, 'test/browser/pages/generate-page.ts', body, undefined);
}

describe('style codes', () => {
  it('runs the style head once per distinct request; a second use runs nothing', async () => {
    const result = await run(async ({ openCodes }) => {
      const { codes, request } = await openCodes('/tiny/', 'tiny');
      const first = await codes.get(request({ exemplar: 'one' }));
      const runs = [codes.headRuns];
      const again = await codes.get(request({ exemplar: 'one' }));
      runs.push(codes.headRuns);
      const values = [first];
      for (const choice of [{ exemplar: 'two' }, { exemplar: 'one', structure: 0.5 }, { exemplar: 'one', color: 0.5 }, { exemplar: 'one', keepColor: 1 }, { exemplar: 'one', blend: { exemplar: 'two', amount: 0.5 } }]) {
        values.push(await codes.get(request(choice)));
        runs.push(codes.headRuns);
      }
      await codes.get(request({ exemplar: 'two' }));
      runs.push(codes.headRuns);
      await codes.close();
      return { same: first === again, runs, modulations: values.map(({ inputs }) => Array.from(inputs['modulation']!.data)), model: first.modelId };
    });
    expect(result).toEqual({
      same: true,
      runs: [1, 1, 2, 3, 4, 5, 6, 6],
      modulations: [[1, 0, 1], [0.5, 0, 1], [0.5, 0, 1], [1, 0, 0.5], [1, 0, 0], [0.75, 0, 1]],
      model: 'tiny-lite',
    });
  });

  it('lets requests that are the same and under way share one run', async () => {
    const result = await run(async ({ openCodes }) => {
      const { codes, request } = await openCodes('/tiny/', 'tiny');
      const got = await Promise.all([1, 2, 3].map(() => codes.get(request({ exemplar: 'one' }))));
      const runs = codes.headRuns;
      await codes.close();
      return { distinct: new Set(got).size, runs };
    });
    expect(result).toEqual({ distinct: 1, runs: 1 });
  });

  it('forgets the code that was not used for longest', async () => {
    const runs = await run(async ({ openCodes }) => {
      // Room for two codes of three numbers.
      const { codes, request } = await openCodes('/tiny/', 'tiny', 24);
      const counts = [];
      for (const structure of [0.1, 0.2, 0.1, 0.3, 0.1, 0.2]) {
        await codes.get(request({ structure }));
        counts.push(codes.headRuns);
      }
      await codes.close();
      return counts;
    });
    expect(runs).toEqual([1, 2, 2, 3, 3, 4]);
  });

  it('does not keep a failure: the same request works once the cause is gone', async () => {
    const path = '/tiny/models/tiny-lite/style-head.onnx';
    const good = test.server.overrides.get(path)!;
    await test.page.evaluate('caches.delete("stylefilter-assets")');
    test.server.overrides.set(path, { status: 503 });
    await test.page.exposeFunction('repairServer', () => void test.server.overrides.set(path, good));
    const result = await run(async ({ openCodes, rejection }) => {
      const { codes, request } = await openCodes('/tiny/', 'tiny', undefined, []);
      const error = await rejection(codes.get(request({})));
      const wrong = await rejection(codes.get({ ...request({}), key: 'short', codeRows: () => Promise.resolve(new Float32Array(512)) }));
      await (globalThis as unknown as { repairServer(): Promise<void> }).repairServer();
      const { inputs } = await codes.get(request({}));
      const runs = codes.headRuns;
      await codes.close();
      return { codes: [error.code, wrong.code], modulation: Array.from(inputs['modulation']!.data), runs };
    });
    expect(result).toEqual({ codes: ['asset-missing', 'bad-option'], modulation: [1, 0, 1], runs: 1 });
  });
});
