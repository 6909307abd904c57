import { gzipSync } from 'node:zlib';
import type { OutputBundle, OutputChunk, Plugin } from 'rollup';

/** Bytes of an entry and all that it imports before it can run, each file compressed by itself. */
function eagerBytes(bundle: OutputBundle, entry: string): number {
  const files = new Set<string>();
  const visit = (fileName: string): void => {
    const chunk = bundle[fileName];
    if (files.has(fileName) || chunk?.type !== 'chunk') return;
    files.add(fileName);
    chunk.imports.forEach(visit);
  };
  visit(entry);
  return [...files].reduce((sum, fileName) => sum + gzipSync((bundle[fileName] as OutputChunk).code).length, 0);
}

/**
 * Fails the build when an entry outgrows its budget.
 * @param budgets Bytes after gzip by the entry's file name, everything it imports statically included.
 */
export function sizeBudget(budgets: Readonly<Record<string, number>>): Plugin {
  return {
    name: 'size-budget',
    generateBundle(_options, bundle) {
      const sizes = Object.entries(budgets).map(([entry, limit]) => {
        if (bundle[entry] === undefined) this.error(`The size budget names ${entry}, which the build does not make.`);
        return { entry, limit, bytes: eagerBytes(bundle, entry) };
      });
      const kib = (bytes: number) => `${(bytes / 1024).toFixed(1)} KiB`;
      console.log(sizes.map(({ entry, bytes, limit }) => `${entry} ${kib(bytes)} of ${kib(limit)}`).join(', '));
      const tooLarge = sizes.filter(({ bytes, limit }) => bytes > limit);
      if (tooLarge.length > 0) this.error(`Over the size budget (gzip): ${tooLarge.map(({ entry, bytes, limit }) => `${entry} has ${kib(bytes)} of ${kib(limit)}`).join(', ')}. Make it smaller, or raise the budget in rollup.config.ts and say why.`);
    },
  };
}
