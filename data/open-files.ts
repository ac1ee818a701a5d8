import { closeSync, fstatSync, openSync, readSync } from 'node:fs';

/** Reads pieces of files by their place; the files used last stay open. */
export interface OpenFiles {
  /** Fills `into` with the bytes from `at` on. @throws when the file ends before. */
  read(path: string, at: number, into: Uint8Array): void;
  sizeOf(path: string): number;
  close(): void;
}

export function openFiles(atMost = 16): OpenFiles {
  const descriptors = new Map<string, number>();
  function descriptor(path: string): number {
    const known = descriptors.get(path);
    if (known !== undefined) return known;
    if (descriptors.size >= atMost) {
      const [oldest, descriptor] = descriptors.entries().next().value!;
      descriptors.delete(oldest);
      closeSync(descriptor);
    }
    const opened = openSync(path, 'r');
    descriptors.set(path, opened);
    return opened;
  }
  return {
    read(path, at, into) {
      const found = readSync(descriptor(path), into, 0, into.byteLength, at);
      if (found !== into.byteLength) {
        throw new Error(`${path}: expected ${into.byteLength} bytes at ${at}, found ${found}: the file was cut short`);
      }
    },
    sizeOf: (path) => fstatSync(descriptor(path)).size,
    close() {
      for (const descriptor of descriptors.values()) closeSync(descriptor);
      descriptors.clear();
    },
  };
}
