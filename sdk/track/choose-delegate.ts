import type { TrackDelegate } from './mediapipe';

/** Adapters that compute on the processor. */
const SOFTWARE = /swiftshader|llvmpipe|lavapipe|softpipe|software|basic render/i;

/**
 * `gpu` where WebGPU names a real GPU, else `cpu`: on software GL the GPU delegate takes 73–120 ms
 * a frame and the processor 11. WebGPU is asked because asking it creates no context.
 */
export async function chooseDelegate(): Promise<TrackDelegate> {
  try {
    const adapter = await navigator.gpu?.requestAdapter();
    if (!adapter) return 'cpu';
    const { vendor, architecture, device, description, isFallbackAdapter } = adapter.info;
    const name = [vendor, architecture, device, description].join(' ');
    return isFallbackAdapter || name.trim() === '' || SOFTWARE.test(name) ? 'cpu' : 'gpu';
  } catch {
    return 'cpu';
  }
}
