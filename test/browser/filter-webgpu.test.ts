import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { inPage } from '../helpers/in-page';
import { openTestPage, type TestPage } from '../helpers/launch';
import { addTinyStyle } from '../helpers/tiny-assets';

type Module = typeof import('./pages/filter-page');

let test: TestPage;
const run = <Result, Args = undefined>(body: (module: Module, args: Args) => Result | Promise<Result>, args?: Args): Promise<Result> =>
  inPage(test.page, 'test/browser/pages/filter-page.ts', body, args as Args);

beforeAll(async () => {
  test = await openTestPage({ webgpu: true, crossOriginIsolated: false });
  addTinyStyle(test.server.overrides);
});
afterAll(() => test.close());

describe('a filter on WebGPU', () => {
  it('runs the whole line in its worker', async () => {
    const stats = await run(async ({ StyleFilter, TINY, openFakeCamera, ONE_FACE, untilStats }: Module) => {
      const camera = await openFakeCamera(ONE_FACE);
      const handle = await StyleFilter.attach(camera.track, { ...TINY, backend: 'webgpu', quality: 'lite' });
      const seen = await untilStats(handle, ({ styledFrames }) => styledFrames >= 3);
      await handle.detach();
      camera.stop();
      return seen;
    });
    expect(stats).toMatchObject({ backend: 'webgpu', modelId: 'tiny-lite', faces: 1, failedFrames: 0 });
  });

  it('goes on with WASM when the graphics device is lost, and says so', async () => {
    const seen = await run(async ({ StyleFilter, TINY, openFakeCamera, ONE_FACE, untilStats, until }: Module) => {
      const devices: GPUDevice[] = [];
      const whole = Object.getOwnPropertyDescriptor(GPUAdapter.prototype, 'requestDevice')!;
      const request = whole.value as (this: GPUAdapter, descriptor?: GPUDeviceDescriptor) => Promise<GPUDevice>;
      GPUAdapter.prototype.requestDevice = async function (descriptor) {
        const device = await request.call(this, descriptor);
        devices.push(device);
        return device;
      };
      const camera = await openFakeCamera(ONE_FACE);
      const handle = await StyleFilter.attach(camera.track, { ...TINY, backend: 'webgpu', quality: 'lite', place: 'page' });
      Object.defineProperty(GPUAdapter.prototype, 'requestDevice', whole);
      await untilStats(handle, ({ styledFrames }) => styledFrames >= 2);
      devices.at(-1)!.destroy();
      const error = await until(handle.error$, ({ code }) => code === 'device-lost');
      const { styledFrames } = await untilStats(handle, ({ backend }) => backend === 'wasm');
      const after = await untilStats(handle, (stats) => stats.styledFrames > styledFrames + 2);
      await handle.detach();
      camera.stop();
      return { fatal: error.fatal, backend: after.backend, faces: after.faces };
    });
    expect(seen).toEqual({ fatal: false, backend: 'wasm', faces: 1 });
  });
});
