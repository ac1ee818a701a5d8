import { readSync, writeSync } from 'node:fs';
import { growingArray } from '../growing-array.js';
import { scratchFile } from './scratch-file.js';

/** 32-bit words in memory before they go to disk. */
const IN_MEMORY = 8 * 2 ** 20;

/** Lists of words, one a row, appended in order and read in any; on disk where they are many. */
export function sketchStore(inMemory = IN_MEMORY) {
  const ends = growingArray((length) => new Float64Array(length));
  let buffer = new Uint32Array(2 ** 12);
  let [buffered, onDisk] = [0, 0];
  let file: ReturnType<typeof scratchFile> | null = null;

  function reserve(more: number): void {
    if (buffered + more <= buffer.length) return;
    if (buffered > 0 && buffered + more > inMemory) {
      file ??= scratchFile();
      writeSync(file.descriptor, buffer, 0, buffered * 4, onDisk * 4);
      onDisk += buffered;
      buffered = 0;
    }
    if (buffered + more <= buffer.length) return;
    const larger = new Uint32Array(Math.max(buffer.length * 2, buffered + more));
    larger.set(buffer.subarray(0, buffered));
    buffer = larger;
  }

  return {
    push(words: Uint32Array | null): void {
      if (words !== null) {
        reserve(words.length);
        buffer.set(words, buffered);
        buffered += words.length;
      }
      ends.push(onDisk + buffered);
    },

    at(row: number): Uint32Array {
      const all = ends.view();
      const start = row === 0 ? 0 : all[row - 1]!;
      const end = all[row]!;
      if (start >= onDisk) return buffer.subarray(start - onDisk, end - onDisk);
      const words = new Uint32Array(end - start);
      const found = readSync(file!.descriptor, words, 0, words.byteLength, start * 4);
      if (found !== words.byteLength)
        throw new Error(`a scratch file has ${found} of ${words.byteLength} bytes of row ${row}`);
      return words;
    },

    close(): void {
      file?.close();
      file = null;
    },
  };
}
