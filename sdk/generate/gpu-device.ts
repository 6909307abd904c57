import { FilterError } from '../errors';

/** A WebGPU device that the library asked for and owns. */
export interface GpuHandle {
  readonly device: GPUDevice;
  /** Whether a program computes in place of a graphics card. */
  readonly isSoftware: boolean;
  /** Whether networks in half precision run. */
  readonly hasHalf: boolean;
  /** Vendor and architecture, for statistics and error reports. */
  readonly adapterName: string;
}

// The runtime's kernels need more than the defaults a device gets unasked.
const LIMITS = [
  'maxStorageBufferBindingSize',
  'maxBufferSize',
  'maxComputeWorkgroupStorageSize',
  'maxComputeWorkgroupsPerDimension',
  'maxComputeInvocationsPerWorkgroup',
  'maxComputeWorkgroupSizeX',
  'maxComputeWorkgroupSizeY',
  'maxComputeWorkgroupSizeZ',
  'maxStorageBuffersPerShaderStage',
] as const satisfies readonly (keyof GPUSupportedLimits)[];

const FEATURES = ['shader-f16', 'subgroups', 'core-features-and-limits'] as const;

/**
 * Asks for a device of our own, on the core feature level where there is one, else on the compatibility level.
 * @param isGlSoftware Whether WebGL draws in software here; decides for adapters that hide their name. Default true.
 * @throws FilterError `backend-unavailable` with the reason.
 */
export async function requestGpu(isGlSoftware = true): Promise<GpuHandle> {
  const adapter = await requestAdapter();
  if (!adapter) throw unavailable('the browser offers no WebGPU adapter here');
  try {
    const device = await adapter.requestDevice({
      requiredFeatures: FEATURES.filter((name) => adapter.features.has(name)),
      requiredLimits: Object.fromEntries(LIMITS.map((name) => [name, adapter.limits[name]])),
    });
    return {
      device,
      isSoftware: isSoftwareAdapter(adapter.info, isGlSoftware),
      hasHalf: device.features.has('shader-f16'),
      adapterName: [adapter.info.vendor, adapter.info.architecture, adapter.info.description].filter(Boolean).join(' ') || 'unnamed',
    };
  } catch (cause) {
    throw unavailable('the WebGPU adapter gave no device', cause);
  }
}

/** The part of an adapter's description that tells a graphics card from a program. */
export type AdapterNames = Pick<GPUAdapterInfo, 'vendor' | 'architecture' | 'device' | 'description'> & { readonly isFallbackAdapter?: boolean };

/**
 * Whether a program computes in place of a graphics card. Browsers say so for their own fallback; others are known
 * by name (Google's `swiftshader`, Mesa's `llvmpipe`). Firefox, and Chromium on some drivers, give no name at all:
 * there `isGlSoftware` decides.
 */
export function isSoftwareAdapter({ vendor, architecture, device, description, isFallbackAdapter }: AdapterNames, isGlSoftware: boolean): boolean {
  const name = `${vendor} ${architecture} ${device} ${description}`.trim();
  if (isFallbackAdapter === true) return true;
  return name === '' ? isGlSoftware : /swiftshader|llvmpipe|softpipe|lavapipe|basic render/i.test(name);
}

async function requestAdapter(): Promise<GPUAdapter | null> {
  const gpu = (navigator as { gpu?: GPU }).gpu;
  if (!gpu) return null;
  try {
    return (await gpu.requestAdapter({ powerPreference: 'high-performance' })) ?? (await gpu.requestAdapter({ featureLevel: 'compatibility' }));
  } catch {
    return null;
  }
}

function unavailable(why: string, cause?: unknown): FilterError {
  return new FilterError('backend-unavailable', `WebGPU cannot be used: ${why}. Use options.backend 'wasm' or 'auto'.`, { stage: 'load', cause });
}
