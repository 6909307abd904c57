import { existsSync } from 'node:fs';
import puppeteer, { type Browser } from 'puppeteer';
import { findChromium } from './find-chromium';

/** How a headless Chromium is started. */
export interface LaunchOptions {
  /** Exposes WebGPU, in software where there is no GPU. Default false. */
  readonly webgpu?: boolean;
  /** MJPEG or Y4M file played by a fake camera. Default: no camera. */
  readonly cameraFile?: string;
  /** Whether the camera permission is granted. Default true when `cameraFile` is given. */
  readonly cameraAllowed?: boolean;
  /** Unpacked extensions to load. Default none. */
  readonly extensions?: readonly string[];
}

const BASE_FLAGS = [
  '--no-sandbox',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--autoplay-policy=no-user-gesture-required',
];
/** Software GL that imports video frames correctly; SwiftShader's own does not. */
const SOFTWARE_GL_FLAGS = ['--ignore-gpu-blocklist', '--use-angle=gl-egl'];
const SOFTWARE_WEBGPU_FLAGS = ['--use-webgpu-adapter=opengles', '--force-webgpu-compat'];

/**
 * Starts a headless Chromium with a fresh profile. On a machine without a GPU it renders in software.
 * @throws Error when no Chromium is to be had
 */
export async function launchChromium(options: LaunchOptions = {}): Promise<Browser> {
  const softwareGl = process.platform === 'linux' && !existsSync('/dev/dri');
  const args = [...BASE_FLAGS];
  if (softwareGl) args.push(...SOFTWARE_GL_FLAGS);
  if (options.webgpu === true) {
    args.push('--enable-unsafe-webgpu');
    if (softwareGl) args.push(...SOFTWARE_WEBGPU_FLAGS);
  }
  if (options.cameraFile !== undefined) {
    args.push('--use-fake-device-for-media-stream', `--use-file-for-fake-video-capture=${options.cameraFile}`);
    if (options.cameraAllowed !== false) args.push('--use-fake-ui-for-media-stream');
  }
  return puppeteer.launch({
    executablePath: findChromium(),
    headless: true,
    args,
    protocolTimeout: 600_000,
    // Chromium loads unpacked extensions only for a browser that is driven through a pipe.
    ...(options.extensions ? { pipe: true, enableExtensions: [...options.extensions] } : {}),
  });
}
