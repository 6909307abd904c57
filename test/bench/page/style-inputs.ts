/** Measures what it costs to hand the student its style at each frame, beside keeping it where the student runs. */
import { loadStages } from '../../../sdk/engine/stage-set';
import { requestGpu } from '../../../sdk/generate/gpu-device';
import { wasmThreads } from '../../../sdk/generate/ort-runtime';
import { createStyleInputs } from '../../../sdk/generate/style-inputs';
import { resolveOptions } from '../../../sdk/options';
import { FrameLedger } from '../../../sdk/source/frame';
import type { Backend, StyleCode } from '../../../sdk/types';
import { openBareStudent } from './bare-student';
import { timed, timesOf, type Times } from './samples';

/** Rounds that only warm up. */
const WARM_UP_ROUNDS = 2;

/** What to measure. */
export interface StyleInputsPlan {
  readonly assetBase: string;
  readonly pictureUrl: string;
  readonly style: string;
  readonly quality: 'standard' | 'lite';
  readonly backend: Backend;
  readonly rounds: number;
}

/** What was measured. */
export interface StyleInputsResult {
  readonly modelId: string;
  /** The graphics adapter, or `WebAssembly`. */
  readonly device: string;
  readonly threads: number;
  /** Bytes that the style decides. */
  readonly styleBytes: number;
  /** The network, its style handed over at each run. */
  readonly handedOver: Times;
  /** The network, its style kept on the device; null on WebAssembly, where nothing can be kept. */
  readonly kept: Times | null;
  /** The handing over alone: written to GPU buffers and waited for, or copied into a WebAssembly memory. */
  readonly copy: Times;
}

/** @throws Error when something cannot be loaded, or the picture shows no face */
export async function measureStyleInputs(plan: StyleInputsPlan): Promise<StyleInputsResult> {
  const { assetBase, style } = plan;
  const bitmap = await createImageBitmap(await (await fetch(plan.pictureUrl)).blob());
  const frame = new FrameLedger().take(bitmap, 0);
  const { settings } = resolveOptions({ style, backend: 'wasm', quality: plan.quality }, assetBase);
  const ignore = (): void => undefined;
  const stages = await loadStages({ assetBase, settings, mode: 'still', canvas: new OffscreenCanvas(1, 1), signal: new AbortController().signal, onProgress: ignore, onWarning: ignore });
  const { modelId } = stages.facts;
  const [face] = stages.track(frame);
  if (face === undefined) throw new Error('No face was found in the picture; the benchmark needs one.');
  const crop = stages.crop(face, frame);
  await stages.close();

  const gpu = plan.backend === 'webgpu' ? await requestGpu() : null;
  const student = await openBareStudent({ assetBase, style, modelId, gpu }, frame, crop);
  const inputs = createStyleInputs(gpu?.device ?? null);
  const handOver = gpu ? await openGpuCopy(gpu.device, student.code) : openHeapCopy(student.code);
  const samples = { handedOver: [] as number[], kept: [] as number[], copy: [] as number[] };
  for (let round = 0; round < plan.rounds + WARM_UP_ROUNDS; round += 1) {
    const turns: (readonly [keyof typeof samples, () => Promise<void>])[] = [
      ['handedOver', () => student.run()],
      ['copy', handOver],
      ...(gpu ? [['kept', () => student.run(inputs.of(student.code))] as const] : []),
    ];
    if (round % 2 === 1) turns.reverse();
    for (const [name, work] of turns) {
      const ms = await timed(work);
      if (round >= WARM_UP_ROUNDS) samples[name].push(ms);
    }
  }
  await student.close();
  inputs.clear();
  gpu?.device.destroy();
  frame.close();
  return {
    modelId,
    device: gpu ? `${gpu.adapterName}${gpu.isSoftware ? ' (computed on the processor)' : ''}` : 'WebAssembly',
    threads: gpu ? 0 : wasmThreads(),
    styleBytes: Object.values(student.code.inputs).reduce((sum, { data }) => sum + data.byteLength, 0),
    handedOver: timesOf(samples.handedOver),
    kept: gpu ? timesOf(samples.kept) : null,
    copy: timesOf(samples.copy),
  };
}

async function openGpuCopy(device: GPUDevice, code: StyleCode): Promise<() => Promise<void>> {
  const buffers = Object.values(code.inputs).map(({ data }) => ({ data: data as Float32Array<ArrayBuffer>, buffer: device.createBuffer({ size: data.byteLength, usage: GPUBufferUsage.COPY_DST }) }));
  await device.queue.onSubmittedWorkDone();
  return () => {
    for (const { buffer, data } of buffers) device.queue.writeBuffer(buffer, 0, data);
    return device.queue.onSubmittedWorkDone();
  };
}

function openHeapCopy(code: StyleCode): () => Promise<void> {
  const arrays = Object.values(code.inputs).map(({ data }) => new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  const pages = Math.ceil(arrays.reduce((sum, { length }) => sum + length, 0) / 65_536);
  const heap = new Uint8Array(new WebAssembly.Memory({ initial: pages }).buffer);
  return () => {
    let at = 0;
    for (const bytes of arrays) {
      heap.set(bytes, at);
      at += bytes.length;
    }
    return Promise.resolve();
  };
}
