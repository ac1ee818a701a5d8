import { readSync, writeSync } from 'node:fs';
import { scratchFile } from './scratch-file.js';

/** Words of 64 bits in memory before they go to disk. */
const IN_MEMORY = 4 * 2 ** 20;

/** Blocks that are written at once, of one partition. */
const BLOCK = 2 ** 13;

/**
 * Numbers of 64 bits, shared out to partitions and read back one partition at a time, sorted: what does not fit into memory is
 * sorted on disk.
 */
export function spill(partitions: number, inMemory = IN_MEMORY) {
  const blocks = Array.from({ length: partitions }, (): BigUint64Array[] => []);
  const open = Array.from({ length: partitions }, () => ({ words: new BigUint64Array(16), length: 0 }));
  const written = Array.from({ length: partitions }, (): { at: number; length: number }[] => []);
  let [held, end] = [0, 0];
  let file: ReturnType<typeof scratchFile> | null = null;

  function flush(): void {
    file ??= scratchFile();
    for (const [partition, full] of blocks.entries()) {
      for (const words of full.splice(0)) {
        writeSync(file.descriptor, words, 0, words.byteLength, end);
        written[partition]!.push({ at: end, length: words.length });
        end += words.byteLength;
      }
    }
    held = 0;
  }

  return {
    push(partition: number, value: bigint): void {
      const of = open[partition]!;
      if (of.length === of.words.length) {
        if (of.length < BLOCK) {
          const larger = new BigUint64Array(of.length * 2);
          larger.set(of.words);
          of.words = larger;
        } else {
          blocks[partition]!.push(of.words);
          of.words = new BigUint64Array(BLOCK);
          of.length = 0;
          held += BLOCK;
          if (held >= inMemory) flush();
        }
      }
      of.words[of.length++] = value;
    },

    /** All numbers of a partition, ascending. */
    sorted(partition: number): BigUint64Array {
      const parts = [...blocks[partition]!, open[partition]!.words.subarray(0, open[partition]!.length)];
      const onDisk = written[partition]!.reduce((sum, { length }) => sum + length, 0);
      const all = new BigUint64Array(parts.reduce((sum, { length }) => sum + length, onDisk));
      let at = 0;
      for (const { at: from, length } of written[partition]!) {
        const into = all.subarray(at, at + length);
        const found = readSync(file!.descriptor, into, 0, into.byteLength, from);
        if (found !== into.byteLength)
          throw new Error(`a scratch file has ${found} of ${into.byteLength} bytes at ${from}`);
        at += length;
      }
      for (const part of parts) {
        all.set(part, at);
        at += part.length;
      }
      return all.sort();
    },

    close(): void {
      file?.close();
      file = null;
    },
  };
}
