import { readSync, writeSync } from 'node:fs';
import { growingArray } from '../growing-array.js';
import { scratchFile } from '../near/scratch-file.js';

/** Numbers of a column in memory before they go to disk. */
const IN_MEMORY = 2 ** 18;

/** The numbers of a column, on disk where they are many; sorted() holds them all, eight bytes each. */
export function numberColumn(inMemory = IN_MEMORY) {
  const held = growingArray((length) => new Float64Array(length));
  let onDisk = 0;
  let file: ReturnType<typeof scratchFile> | null = null;
  return {
    push(value: number): void {
      held.push(value);
      if (held.length < inMemory) return;
      file ??= scratchFile();
      writeSync(file.descriptor, held.view(), 0, held.length * 8, onDisk * 8);
      onDisk += held.length;
      held.clear();
    },
    /** Ascending. */
    sorted(): Float64Array {
      const all = new Float64Array(onDisk + held.length);
      if (file !== null) {
        const found = readSync(file.descriptor, all, 0, onDisk * 8, 0);
        if (found !== onDisk * 8) throw new Error(`a scratch file has ${found} of ${onDisk * 8} bytes`);
      }
      all.set(held.view(), onDisk);
      return all.sort();
    },
    close(): void {
      file?.close();
      file = null;
    },
  };
}

/** Of sorted numbers, between two of them in a line, as numpy's `quantile` (its default method). NaN of none. */
export function quantile(sorted: Float64Array, share: number): number {
  if (sorted.length === 0) return NaN;
  const place = share * (sorted.length - 1);
  const [low, part] = [Math.floor(place), place % 1];
  const [a, b] = [sorted[low]!, sorted[Math.min(low + 1, sorted.length - 1)]!];
  // numpy's _lerp, which rounds from the nearer end.
  return part < 0.5 ? a + (b - a) * part : b - (b - a) * (1 - part);
}

/** Of sorted numbers the one that is there most often, the smallest of several. NaN of none. */
export function mostFrequent(sorted: Float64Array): number {
  let [best, most] = [NaN, 0];
  for (let start = 0, end: number; start < sorted.length; start = end) {
    for (end = start + 1; end < sorted.length && sorted[end] === sorted[start];) end++;
    if (end - start > most) [best, most] = [sorted[start]!, end - start];
  }
  return best;
}
