/**
 * Measures how fast the extension's camera goes on in a call whose page is hidden, and writes the table.
 *
 *     npx tsx test/bench/hidden.ts [--seconds 30] [--rounds 3] [--out test/bench/HIDDEN.md]
 */
import { writeFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { openExtensionPage, REAL_CAMERA, VIRTUAL_CAMERA, type ExtensionTestPage } from '../helpers/extension';
import { inPage } from '../helpers/in-page';
import { ROOT } from '../helpers/serve';
import { describeMachine, type Machine } from './machine';

type CallPage = typeof import('../browser/pages/extension-page');
type Held = { call: import('../browser/pages/extension-page').Call };

const PAGE = 'test/browser/pages/extension-page.ts';

/** Frames a second that reached the other end of the call, page shown and page hidden, one after the other. */
interface Round {
  readonly shown: number;
  readonly hidden: number;
}

async function measure({ page, own }: ExtensionTestPage, hidden: boolean, spanMs: number): Promise<number> {
  await (hidden ? own : page).bringToFront();
  await page.waitForFunction((wanted) => document.hidden === wanted, { polling: 100 }, hidden);
  const found = await inPage(page, PAGE, ({ rateOf }: CallPage, leastMs) => rateOf((window as unknown as Held).call, leastMs, 1), spanMs);
  if (found.hidden !== hidden) throw new Error(`The page did not stay ${hidden ? 'hidden' : 'visible'} while it was measured.`);
  return found.rate;
}

async function startCall({ page }: ExtensionTestPage): Promise<void> {
  await inPage(page, PAGE, async ({ callItself, cameraId, distances, picturesOf, rawPictures }: CallPage, [real, virtual]) => {
    const raw = await rawPictures(real!);
    // At whatever rate the camera gives by itself: a low limit would hide a slowdown.
    const stream = await navigator.mediaDevices.getUserMedia({ video: { deviceId: { exact: await cameraId(virtual!) } } });
    const call = await callItself(stream);
    Object.assign(window, { call });
    const track = call.received.getVideoTracks()[0]!;
    // The card stands in while the networks load; it is unlike the clip everywhere.
    while (distances((await picturesOf(track, 1))[0]!, raw).corner > 15);
  }, [REAL_CAMERA, VIRTUAL_CAMERA]);
}

function formatTable(rounds: readonly Round[], seconds: number, command: string, machine: Machine): string {
  const rows = rounds.map(({ shown, hidden }, index) => `| ${index + 1} | ${shown.toFixed(2)} | ${hidden.toFixed(2)} | ${(hidden / shown).toFixed(2)} |`);
  const mean = (pick: (round: Round) => number): number => rounds.reduce((sum, round) => sum + pick(round), 0) / rounds.length;
  const [shown, hidden] = [mean((round) => round.shown), mean((round) => round.hidden)];
  return [
    '# The camera in a hidden page',
    '',
    `Made by a command, not by hand. A page sends “StyleFilter Camera” over a loopback \`RTCPeerConnection\`; counted are the frames its receiver decodes, ${seconds} s with the page in front and ${seconds} s with another tab in front, in turn. Other work on the machine moves both.`,
    '',
    '| | |',
    '| --- | --- |',
    `| command | \`${command}\` |`,
    `| date | ${new Date().toISOString().slice(0, 10)} |`,
    `| commit | ${machine.commit} |`,
    `| processor | ${machine.processor}, ${machine.cores} cores, ${machine.memoryGib} GiB |`,
    `| browser | ${machine.browser} |`,
    `| load meanwhile | ${loadavg()[1]!.toFixed(1)} processes on average of 5 minutes, these included |`,
    '',
    '| round | shown, frames/s | hidden, frames/s | hidden ÷ shown |',
    '| ---: | ---: | ---: | ---: |',
    ...rows,
    `| mean | ${shown.toFixed(2)} | ${hidden.toFixed(2)} | ${(hidden / shown).toFixed(2)} |`,
    '',
  ].join('\n');
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { seconds: { type: 'string', default: '30' }, rounds: { type: 'string', default: '3' }, out: { type: 'string', default: join(ROOT, 'test/bench/HIDDEN.md') } },
  });
  const seconds = Number(values.seconds);
  if (!(seconds > 0)) throw new Error(`--seconds must be a number above 0, was "${values.seconds}".`);
  const count = Number(values.rounds);
  if (!Number.isInteger(count) || count < 1) throw new Error(`--rounds must be a whole number above 0, was "${values.rounds}".`);

  const test = await openExtensionPage();
  try {
    await startCall(test);
    const rounds: Round[] = [];
    for (let round = 0; round < count; round += 1) {
      const shown = await measure(test, false, seconds * 1000);
      const hidden = await measure(test, true, seconds * 1000);
      rounds.push({ shown, hidden });
      console.log(`Round ${round + 1}: ${shown.toFixed(2)} frames/s shown, ${hidden.toFixed(2)} hidden`);
    }
    const command = `npx tsx test/bench/hidden.ts --seconds ${seconds} --rounds ${count}`;
    writeFileSync(values.out, formatTable(rounds, seconds, command, await describeMachine(test.browser)));
    console.log(`Written to ${values.out}`);
  } finally {
    await test.close();
  }
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
