/**
 * The Chromium that headless work uses (tests, rendering files, benchmarks):
 * one that is on the machine, else puppeteer's own download, else on Debian as root the distribution's package.
 */
import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import puppeteer from 'puppeteer';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'chrome'];
const MAC_PATHS = [
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
];
/** Debian's browser, and the software GL that stands in where there is no GPU. */
const DEBIAN_PACKAGES = ['chromium', 'libegl1', 'libegl-mesa0', 'libgl1-mesa-dri', 'fonts-dejavu-core'];

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function onPath(): string | undefined {
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  return NAMES.flatMap((name) => folders.map((folder) => join(folder, name))).find(isExecutable);
}

function inPuppeteerCache(): string | undefined {
  try {
    const path = puppeteer.executablePath();
    return existsSync(path) ? path : undefined;
  } catch {
    return undefined;
  }
}

function run(command: string, args: readonly string[]): boolean {
  return spawnSync(command, args, { stdio: ['ignore', 'inherit', 'inherit'] }).status === 0;
}

function isDebianRoot(): boolean {
  return existsSync('/etc/debian_version') && process.getuid?.() === 0;
}

/** Debian's Chromium renders without a GPU only with these; a machine may have one and not the other. */
function ensureSoftwareGl(): void {
  if (!isDebianRoot() || existsSync('/dev/dri')) return;
  const status = spawnSync('dpkg', ['-s', ...DEBIAN_PACKAGES.slice(1)], { stdio: 'ignore' }).status;
  if (status !== 0) installFromDebian();
}

function installFromDebian(): boolean {
  console.log(`Installing ${DEBIAN_PACKAGES.join(', ')} …`);
  return (
    run('apt-get', ['update', '-q']) &&
    run('apt-get', ['install', '-y', '-q', '--no-install-recommends', ...DEBIAN_PACKAGES])
  );
}

/**
 * Finds a Chromium, installing one where that is possible.
 * @returns path of the executable
 * @throws Error naming what to install, when there is none and none could be had
 */
export function findChromium(): string {
  const given = process.env['CHROME_PATH'];
  if (given !== undefined && given !== '') {
    if (isExecutable(given)) return given;
    throw new Error(`CHROME_PATH is "${given}", which is not an executable file. Correct it or unset it.`);
  }
  const local = onPath() ?? MAC_PATHS.find(isExecutable) ?? inPuppeteerCache();
  if (local !== undefined) {
    ensureSoftwareGl();
    return local;
  }
  console.log('No Chromium found; trying puppeteer’s own download …');
  if (run('npx', ['puppeteer', 'browsers', 'install', 'chrome'])) {
    const downloaded = inPuppeteerCache();
    if (downloaded !== undefined) return downloaded;
  }
  if (isDebianRoot() && installFromDebian()) {
    const installed = onPath();
    if (installed !== undefined) return installed;
  }
  throw new Error(
    'No Chromium or Google Chrome was found and none could be installed. ' +
      'Install one (Debian: apt-get install chromium; macOS: Google Chrome) or set CHROME_PATH to its executable.',
  );
}
