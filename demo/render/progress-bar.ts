const WIDTH = 30;

/** Shows how far one file is. */
export interface ProgressBar {
  /** @param share 0…1 */
  show(share: number, note: string): void;
  /** Ends the line. */
  end(): void;
}

/** A bar that is redrawn on a terminal; elsewhere a line for every tenth. */
export function createProgressBar(label: string, stream: NodeJS.WriteStream = process.stderr): ProgressBar {
  let tenths = -1;
  let drawn = false;
  return {
    show(share, note) {
      const percent = `${Math.round(share * 100)} %`.padStart(5);
      if (stream.isTTY) {
        const full = Math.round(share * WIDTH);
        const line = `${label} ${'█'.repeat(full)}${'░'.repeat(WIDTH - full)} ${percent}  ${note}`;
        stream.write(`\r${line.slice(0, stream.columns - 1)}\x1b[K`);
        drawn = true;
      } else if (Math.floor(share * 10) > tenths) {
        tenths = Math.floor(share * 10);
        stream.write(`${label} ${percent}  ${note}\n`);
      }
    },
    end() {
      if (drawn) stream.write('\n');
      drawn = false;
    },
  };
}
