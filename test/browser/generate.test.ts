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
  serveTiny(tinyStyle({ halfFactor: 1 }), test.server.overrides, '/right-half/');
  serveTiny(tinyStyle({ halfFactor: 2 }), test.server.overrides, '/wrong-half/');
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
        const sick = { modelId: 'tiny-lite', inputs: { modulation: { data: Float32Array.of(NaN, 0, 1), shape: [1, 3] } } };
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
          const after = [await rejection(stage.generator.generate(frame, wholeCrop(64), stage.code)), await rejection(stage.codes.get({ key: 'late', codeRows: () => Promise.resolve(new Float32Array(1024)), structure: 1, color: 1, keepColor: 0 }))];
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

it('makes a fresh session after a run that failed, also once the signal for loading has gone off', async () => {
  const result = await run(async ({ loadStage, paintedFrame, rejection, wholeCrop }) => {
    const loading = new AbortController();
    const stage = await loadStage('/tiny/', 'tiny', 'wasm', 'auto', undefined, loading.signal);
    loading.abort();
    const frame = await paintedFrame(64, 64, () => [200, 100, 50]);
    const failing = { modelId: stage.model.id, inputs: { modulation: { data: Float32Array.of(1, 9, 1), shape: [1, 3] } } };
    const errors = [];
    for (const code of [failing, { modelId: stage.model.id, inputs: { modulation: { data: new Float32Array(2), shape: [1, 2] } } }, { modelId: 'other', inputs: {} }]) {
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
    const result = await run(async ({ loadStage, withGpu }) => {
      const load = async () => {
        const stage = await loadStage('/tiny/', 'tiny', 'auto');
        await stage.close();
        return { backend: stage.generator.backend, device: stage.generator.device, model: stage.model.id, warnings: stage.warnings };
      };
      return [await withGpu({}, load), await withGpu({ computes: false }, load)];
    });
    expect(result[0]).toMatchObject({ backend: 'webgpu', device: 'acme fast', model: 'tiny-standard', warnings: [] });
    expect(result[1]).toMatchObject({ backend: 'wasm', model: 'tiny-lite', warnings: [{ code: 'model-self-test', fatal: false }] });
  });

  it('takes half precision where the card has it and it computes right, else single precision', async () => {
    const result = await run(async ({ loadStage, withGpu }) => {
      const load = async (base: string) => {
        const stage = await loadStage(base, 'tiny', 'auto');
        await stage.close();
        return { backend: stage.generator.backend, dtype: stage.generator.dtype, warnings: stage.warnings.map(({ code }) => code) };
      };
      return [await withGpu({ half: true }, () => load('/right-half/')), await withGpu({ half: true }, () => load('/wrong-half/')), await withGpu({ half: false }, () => load('/right-half/'))];
    });
    expect(result).toEqual([
      { backend: 'webgpu', dtype: 'float16', warnings: [] },
      { backend: 'webgpu', dtype: 'float32', warnings: ['model-self-test'] },
      { backend: 'webgpu', dtype: 'float32', warnings: [] },
    ]);
  });

  it('runs two generators side by side, on devices of their own', async () => {
    const result = await run(async ({ loadStage, paintedFrame, wholeCrop }) => {
      const frame = await paintedFrame(64, 64, () => [200, 100, 50]);
      const stages = [await loadStage('/tiny/', 'tiny', 'webgpu'), await loadStage('/right-half/', 'tiny', 'webgpu'), await loadStage('/tiny/', 'tiny', 'wasm')];
      const pixels = async () => (await Promise.all(stages.map(({ generator, code }) => generator.generate(frame, wholeCrop(64), code)))).map(({ rgba }) => Array.from(rgba.subarray(0, 4)));
      const all = await pixels();
      await stages.shift()!.close();
      const rest = await pixels();
      await Promise.all(stages.map((stage) => stage.close()));
      frame.close();
      return [...all, ...rest];
    });
    expect(result).toEqual(Array(5).fill([200, 100, 50, 255]));
  });

  it('keeps what the style decides on the device: written once for each change of style, always into the same buffer, and freed at the end', async () => {
    const result = await run(async ({ loadStage, paintedFrame, wholeCrop, withGpu }) => {
      const devices: GPUDevice[] = [];
      const stage = await withGpu({ devices }, () => loadStage('/tiny/', 'tiny', 'webgpu'));
      const device = devices.at(-1)!;
      const made = new Set<GPUBuffer>();
      const seen = { buffers: 0, writes: 0, freed: 0 };
      const [create, write] = [device.createBuffer.bind(device), device.queue.writeBuffer.bind(device.queue)];
      device.createBuffer = (descriptor) => {
        const buffer = create(descriptor);
        if (descriptor.label !== 'StyleFilter style input') return buffer;
        const destroy = buffer.destroy.bind(buffer);
        buffer.destroy = () => {
          seen.freed += 1;
          destroy();
        };
        seen.buffers = made.add(buffer).size;
        return buffer;
      };
      device.queue.writeBuffer = (...args: Parameters<GPUQueue['writeBuffer']>) => {
        if (made.has(args[0])) seen.writes += 1;
        write(...args);
      };
      const half = { modelId: stage.model.id, inputs: { modulation: { data: Float32Array.of(0.5, 0, 1), shape: [1, 3] } } };
      const frame = await paintedFrame(64, 64, () => [200, 100, 50]);
      const reds: number[] = [];
      for (const code of [stage.code, stage.code, half, half, stage.code]) reds.push((await stage.generator.generate(frame, wholeCrop(64), code)).rgba[0]!);
      const during = { ...seen };
      await stage.close();
      frame.close();
      return { reds, during, freed: seen.freed };
    });
    expect(result).toEqual({ reds: [200, 200, 164, 164, 200], during: { buffers: 1, writes: 3, freed: 0 }, freed: 1 });
  });

  it('refuses the picture after an error of the device, and draws the next', async () => {
    const result = await run(async ({ loadStage, paintedFrame, rejection, wholeCrop, withGpu }) => {
      const frame = await paintedFrame(64, 64, () => [200, 100, 50]);
      const devices: GPUDevice[] = [];
      const stage = await withGpu({ devices }, () => loadStage('/tiny/', 'tiny', 'webgpu'));
      const device = devices.at(-1)!;
      const reported = new Promise((done) => device.addEventListener('uncapturederror', done, { once: true }));
      device.createBuffer({ size: 16, usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.MAP_WRITE });
      await device.queue.onSubmittedWorkDone(); // sends what is waiting
      await reported;
      const error = await rejection(stage.generator.generate(frame, wholeCrop(64), stage.code));
      const { rgba } = await stage.generator.generate(frame, wholeCrop(64), stage.code);
      await stage.close();
      frame.close();
      return { code: error.code, pixel: Array.from(rgba.subarray(0, 4)) };
    });
    expect(result).toEqual({ code: 'stage-failed', pixel: [200, 100, 50, 255] });
  });

  it('names the folder when the runtime is not there', async () => {
    const page = await openTestPage();
    serveTiny(tinyStyle(), page.server.overrides);
    const error = await run(async ({ loadStage, rejection }) => rejection(loadStage('/tiny/', 'tiny', 'auto', 'auto', '/nowhere/')), undefined, page.page);
    await page.close();
    expect(error).toMatchObject({ code: 'asset-missing', fatal: true });
    expect(error.message).toContain('/nowhere/');
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
    const result = await run(async ({ loadStage, paintedFrame, rejection, wholeCrop, withGpu }) => {
      const devices: GPUDevice[] = [];
      const stage = await withGpu({ devices }, () => loadStage('/tiny/', 'tiny', 'webgpu'));
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
