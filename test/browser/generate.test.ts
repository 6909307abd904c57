import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { inPage } from '../helpers/in-page';
import { openTestPage, type TestPage } from '../helpers/launch';
import { serveTiny, tinyStyle } from '../helpers/tiny-style';

type Module = typeof import('./pages/generate-page');

let test: TestPage;

/** Runs a function in the page with the generate stage's modules. */
function run<Result, Args = undefined>(body: (module: Module, args: Args) => Promise<Result>, args?: Args, page = test.page): Promise<Result> {
  return inPage(page, 'test/browser/pages/generate-page.ts', body, args as Args);
}

beforeAll(async () => {
  test = await openTestPage({ webgpu: true });
  serveTiny(tinyStyle(), test.server.overrides);
});
afterAll(() => test.close());

describe.each(['wasm', 'webgpu'] as const)('generator on %s', (backend) => {
  it('styles crops one after the other, each with its own pixels', async () => {
    const result = await run(
      async ({ cropOf, loadStage, paintedFrame, wholeCrop }: Module, backend: 'wasm' | 'webgpu') => {
        const stage = await loadStage('/tiny/', 'tiny', backend, 'lite');
        const frame = await paintedFrame(64, 64, (x, y) => [x * 4, y * 4, 255]);
        const crops = [wholeCrop(64), { ...wholeCrop(64), faceId: 2 }, cropOf([1 / 32, 0, 0, 0, 1 / 32, 0], 3)];
        // Started together: they must not mix.
        const styled = await Promise.all(crops.map((crop) => stage.generator.generate(frame, crop, stage.code)));
        const pixels = styled.map(({ rgba }) => Array.from(rgba.subarray(4 * (16 * 64 + 8), 4 * (16 * 64 + 8) + 4)));
        const { backend: ran, sizePx, modelId } = stage.generator;
        await stage.close();
        frame.close();
        return { pixels, ran, sizePx, modelId, crops: styled.map(({ crop }) => crop.faceId) };
      },
      backend,
    );
    // The default look has gain 1 and matte 1: the crop comes back as it is.
    expect(result).toMatchObject({ ran: backend, sizePx: 64, modelId: 'tiny-lite', crops: [1, 2, 3] });
    const expected = [[32, 64, 255, 255], [32, 64, 255, 255], [16, 32, 255, 255]];
    result.pixels.forEach((pixel, i) => pixel.forEach((value, channel) => expect(Math.abs(value - expected[i]![channel]!)).toBeLessThanOrEqual(3)));
  });

  it('refuses NaN from the model, and styles the next frame', async () => {
    const result = await run(
      async ({ loadStage, paintedFrame, rejection, wholeCrop }: Module, backend: 'wasm' | 'webgpu') => {
        const stage = await loadStage('/tiny/', 'tiny', backend, 'lite');
        const frame = await paintedFrame(64, 64, () => [200, 100, 50]);
        const sick = { modelId: 'tiny-lite', modulation: Float32Array.of(NaN, 0, 1) };
        const error = await rejection(stage.generator.generate(frame, wholeCrop(64), sick));
        const { rgba } = await stage.generator.generate(frame, wholeCrop(64), stage.code);
        await stage.close();
        frame.close();
        return { error, pixel: Array.from(rgba.subarray(0, 4)) };
      },
      backend,
    );
    expect(result.error).toMatchObject({ code: 'model-output', fatal: false });
    expect(result.pixel).toEqual([200, 100, 50, 255]);
  });

  it('loads and closes five times, and refuses work after that', async () => {
    const result = await run(
      async ({ loadStage, paintedFrame, rejection, wholeCrop }: Module, backend: 'wasm' | 'webgpu') => {
        const frame = await paintedFrame(64, 64, () => [200, 100, 50]);
        const out = [];
        for (let i = 0; i < 5; i += 1) {
          const stage = await loadStage('/tiny/', 'tiny', backend, 'lite');
          const { rgba } = await stage.generator.generate(frame, wholeCrop(64), stage.code);
          await stage.close();
          await stage.close();
          const after = [await rejection(stage.generator.generate(frame, wholeCrop(64), stage.code)), await rejection(stage.codes.get({ codeRows: new Float32Array(1024), weights: new Float32Array(2), keepColor: 0 }))];
          out.push({ pixel: Array.from(rgba.subarray(0, 4)), after: after.map(({ code }) => code) });
        }
        frame.close();
        return out;
      },
      backend,
    );
    expect(result).toEqual(Array(5).fill({ pixel: [200, 100, 50, 255], after: ['closed', 'closed'] }));
  });
});

it('makes a fresh session after a run that failed', async () => {
  const result = await run(async ({ loadStage, paintedFrame, rejection, wholeCrop }) => {
    const stage = await loadStage('/tiny/', 'tiny', 'wasm');
    const frame = await paintedFrame(64, 64, () => [200, 100, 50]);
    const failing = { modelId: stage.model.id, modulation: Float32Array.of(1, 9, 1) };
    const errors = [];
    for (const code of [failing, { modelId: stage.model.id, modulation: new Float32Array(2) }, { modelId: 'other', modulation: new Float32Array(3) }]) {
      errors.push(await rejection(stage.generator.generate(frame, wholeCrop(64), code)));
    }
    const { rgba } = await stage.generator.generate(frame, wholeCrop(64), stage.code);
    await stage.close();
    frame.close();
    return { errors: errors.map(({ code }) => code), pixel: Array.from(rgba.subarray(0, 4)) };
  });
  expect(result).toEqual({ errors: ['stage-failed', 'stage-failed', 'bad-option'], pixel: [200, 100, 50, 255] });
});

describe('choice of backend', () => {
  it("'auto' leaves a software adapter alone and takes the small model", async () => {
    const result = await run(async ({ loadStage }) => {
      const stage = await loadStage('/tiny/', 'tiny', 'auto');
      await stage.close();
      return { backend: stage.generator.backend, model: stage.model.id, warnings: stage.warnings };
    });
    expect(result).toEqual({ backend: 'wasm', model: 'tiny-lite', warnings: [] });
  });

  it("'auto' takes a graphics card with the large model, and falls back to WASM with a warning when it computes wrongly", async () => {
    const result = await run(async ({ loadStage }) => {
      // A card by its looks.
      const info = Object.getOwnPropertyDescriptor(GPUAdapter.prototype, 'info')!;
      Object.defineProperty(GPUAdapter.prototype, 'info', { configurable: true, get: () => ({ vendor: 'acme', architecture: 'fast', device: '', description: '' }) });
      const right = await loadStage('/tiny/', 'tiny', 'auto');
      await right.close();
      // A driver that forgets to compute.
      const dispatch = Object.getOwnPropertyDescriptor(GPUComputePassEncoder.prototype, 'dispatchWorkgroups')!;
      Object.defineProperty(GPUComputePassEncoder.prototype, 'dispatchWorkgroups', { configurable: true, value: () => undefined });
      const wrong = await loadStage('/tiny/', 'tiny', 'auto');
      await wrong.close();
      Object.defineProperty(GPUComputePassEncoder.prototype, 'dispatchWorkgroups', dispatch);
      Object.defineProperty(GPUAdapter.prototype, 'info', info);
      return [right, wrong].map(({ generator, model, warnings }) => ({ backend: generator.backend, device: generator.device, model: model.id, warnings }));
    });
    expect(result[0]).toMatchObject({ backend: 'webgpu', device: 'acme fast', model: 'tiny-standard', warnings: [] });
    expect(result[1]).toMatchObject({ backend: 'wasm', model: 'tiny-lite', warnings: [{ code: 'model-self-test', fatal: false }] });
  });

  it('fails for good when no backend gives the golden output', async () => {
    const page = await openTestPage();
    serveTiny(tinyStyle({ goldenFactor: 1.5 }), page.server.overrides);
    const [auto, gpu] = await run(async ({ loadStage, rejection }) => {
      return [await rejection(loadStage('/tiny/', 'tiny', 'auto')), await rejection(loadStage('/tiny/', 'tiny', 'webgpu'))];
    }, undefined, page.page);
    await page.close();
    expect(auto).toMatchObject({ code: 'model-self-test', fatal: true });
    expect(auto.message).toContain('off by');
    expect(gpu).toMatchObject({ code: 'backend-unavailable' });
  });

  it('reports a lost device once, and fails from then on', async () => {
    const result = await run(async ({ loadStage, paintedFrame, rejection, wholeCrop }) => {
      const devices: GPUDevice[] = [];
      const request = Object.getOwnPropertyDescriptor(GPUAdapter.prototype, 'requestDevice')!;
      const original = request.value as GPUAdapter['requestDevice'];
      Object.defineProperty(GPUAdapter.prototype, 'requestDevice', {
        configurable: true,
        async value(this: GPUAdapter, descriptor: GPUDeviceDescriptor) {
          const device = await original.call(this, descriptor);
          devices.push(device);
          return device;
        },
      });
      const stage = await loadStage('/tiny/', 'tiny', 'webgpu');
      Object.defineProperty(GPUAdapter.prototype, 'requestDevice', request);
      const frame = await paintedFrame(64, 64, () => [200, 100, 50]);
      devices.at(-1)!.destroy();
      await devices.at(-1)!.lost;
      const errors = [await rejection(stage.generator.generate(frame, wholeCrop(64), stage.code)), await rejection(stage.generator.generate(frame, wholeCrop(64), stage.code))];
      await stage.close();
      const next = await loadStage('/tiny/', 'tiny', 'wasm');
      const { rgba } = await next.generator.generate(frame, wholeCrop(64), next.code);
      await next.close();
      frame.close();
      return { losses: stage.losses.map(({ code }) => code), errors: errors.map(({ code }) => code), pixel: Array.from(rgba.subarray(0, 4)) };
    });
    expect(result).toEqual({ losses: ['device-lost'], errors: ['device-lost', 'device-lost'], pixel: [200, 100, 50, 255] });
  });
});
