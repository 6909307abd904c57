import { trackOutput, type TrackOutput } from './sink/output-track';
import { hasTrackProcessor } from './source/track-source';

/** What this browser can do, and why it cannot do what it cannot. */
export interface SupportReport {
  /** Whether faces can be restyled here at all. */
  readonly supported: boolean;
  /** Sentences: what is missing, and what that costs. Empty if nothing is. */
  readonly reasons: readonly string[];
  /** Whether the engine can run in a worker. */
  readonly worker: boolean;
  /** WebGPU: on a graphics card, computed by a program (slow), or not at all. */
  readonly webgpu: 'gpu' | 'software' | 'none';
  /** Threads that WASM can use; more than 1 needs a cross-origin isolated page. */
  readonly wasmThreads: number;
  /** How tracks are read: directly (also in hidden tabs), or through an element. */
  readonly trackInput: 'processor' | 'element';
  /** How `handle.track` is made. */
  readonly trackOutput: TrackOutput;
  /** Whether the page may ask for a camera. */
  readonly camera: boolean;
}

/** Looks what this browser can do. Loads no model and never throws. */
export async function support(): Promise<SupportReport> {
  const webgl2 = await webGl2();
  const wasm = hasWasmSimd();
  const frames = typeof VideoFrame === 'function';
  const worker = typeof Worker === 'function' && typeof OffscreenCanvas === 'function' && 'transferControlToOffscreen' in HTMLCanvasElement.prototype;
  const webgpu = await webGpu(webgl2 !== 'gpu');
  const wasmThreads = globalThis.crossOriginIsolated ? Math.max(1, Math.min(4, navigator.hardwareConcurrency)) : 1;
  const camera = (navigator as { mediaDevices?: MediaDevices }).mediaDevices !== undefined;
  const output = trackOutput();
  const findings: readonly (readonly [boolean, string])[] = [
    [webgl2 !== 'none', 'WebGL2 is missing, which putting styled faces into the picture needs: enable hardware acceleration.'],
    [wasm, 'WebAssembly with SIMD is missing, which face tracking needs: update the browser.'],
    [frames, 'VideoFrame (WebCodecs) is missing, which reading video needs: update the browser and serve the page over https.'],
    [worker, 'The engine cannot run in a worker, so the page is busy while a face is drawn.'],
    [webgpu === 'gpu', webgpu === 'none' ? 'WebGPU is missing, so WASM draws the faces: expect fewer frames a second.' : 'WebGPU is computed without a graphics card, so WASM draws the faces: expect fewer frames a second.'],
    [wasmThreads > 1, 'The page is not cross-origin isolated, so WASM uses one thread: send the COOP and COEP headers.'],
    [hasTrackProcessor(), 'Camera tracks are read through an element, so styling slows down in hidden tabs.'],
    [output !== 'none', 'Tracks cannot be made here, so handle.track does not work; the canvas does.'],
    [camera, 'The page may not ask for a camera: serve it over https or from localhost.'],
  ];
  return {
    supported: webgl2 !== 'none' && wasm && frames,
    reasons: findings.filter(([ok]) => !ok).map(([, reason]) => reason),
    worker,
    webgpu,
    wasmThreads,
    trackInput: hasTrackProcessor() ? 'processor' : 'element',
    trackOutput: output,
    camera,
  };
}

async function webGl2(): Promise<SupportReport['webgpu']> {
  try {
    const { createGlContext } = await import('./composite/gl-context');
    const context = createGlContext({ canvas: document.createElement('canvas') });
    context.close();
    return context.isSoftware ? 'software' : 'gpu';
  } catch {
    return 'none';
  }
}

async function webGpu(isGlSoftware: boolean): Promise<SupportReport['webgpu']> {
  try {
    const { requestGpu } = await import('./generate/gpu-device');
    const { device, isSoftware } = await requestGpu(isGlSoftware);
    device.destroy();
    return isSoftware ? 'software' : 'gpu';
  } catch {
    return 'none';
  }
}

/** The smallest module with a vector instruction. */
const SIMD_MODULE = new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 10, 1, 8, 0, 65, 0, 253, 15, 253, 98, 11]);

function hasWasmSimd(): boolean {
  return typeof WebAssembly === 'object' && WebAssembly.validate(SIMD_MODULE);
}
