import { afterAll, beforeAll, expect, it } from 'vitest';
import { inPage } from '../helpers/in-page';
import { openTestPage, type TestPage } from '../helpers/launch';
import { serveTiny, tinyStyle } from '../helpers/tiny-style';

type Module = typeof import('./pages/generate-page');

const STUDENT = '/tiny/models/tiny-lite/student.onnx';

let test: TestPage;

beforeAll(async () => {
  test = await openTestPage();
  serveTiny(tinyStyle(), test.server.overrides);
});
afterAll(() => test.close());

function load() {
  return inPage(
    test.page,
    'test/browser/pages/generate-page.ts',
    async ({ loadModel, rejection }: Module) => {
      let bytes = 0;
      const error = await rejection(loadModel('/tiny/', 'tiny-lite').then(async (model) => (bytes = (await model.file('student')).byteLength)));
      return { bytes, error: error.code };
    },
    undefined,
  );
}

it('keeps a checked model between visits, and a refused one not', async () => {
  const good = test.server.overrides.get(STUDENT)!;
  const body = good.body as Uint8Array;
  const asked = () => test.requests.filter((url) => url.endsWith(STUDENT)).length;

  test.server.overrides.set(STUDENT, { ...good, body: body.map((byte, i) => (i === 30 ? byte ^ 1 : byte)) });
  expect(await load()).toEqual({ bytes: 0, error: 'asset-corrupt' });
  test.server.overrides.set(STUDENT, good);
  expect(await load()).toEqual({ bytes: body.byteLength, error: 'none' });
  expect(asked()).toBe(2);

  await test.page.reload();
  test.server.overrides.set(STUDENT, { status: 500 });
  expect(await load()).toEqual({ bytes: body.byteLength, error: 'none' });
  expect(asked()).toBe(2);
});
