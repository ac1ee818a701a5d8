import { createReadStream } from 'node:fs';
import type { ByteSource } from '../../data/byte-source.js';

/**
 * A file of a source as a part is read of it. Of a large one only the part lies on this machine: `headBytes` from the start
 * of the file (the names of its columns), then the bytes from `from` up to `to`.
 */
export interface FileWindow {
  readonly path: string;
  readonly name: string;
  /** Of the whole file. */
  readonly bytes: number;
  /** null: the whole file lies at `path`. */
  readonly only: { readonly headBytes: number; readonly from: number; readonly to: number } | null;
}

const CHUNK_BYTES = 1 << 20;

/** @throws Error when a byte is asked for that does not lie here: a defect. */
export function openWindow({ path, name, bytes, only }: FileWindow): ByteSource {
  const read = (from: number, to: number): AsyncIterable<Uint8Array> =>
    to > from
      ? (createReadStream(path, { start: from, end: to - 1, highWaterMark: CHUNK_BYTES }) as AsyncIterable<Buffer>)
      : nothing();
  if (only === null) return { name, bytes, open: () => read(0, bytes), openRange: read };
  const { headBytes, from: first, to: last } = only;
  return {
    name,
    bytes,
    // Whoever reads a part reads the head of the file, and no further.
    async *open() {
      yield* read(0, headBytes);
      throw new Error(`${name}: only the first ${headBytes} bytes and those from ${first} to ${last} are here`);
    },
    openRange(from, to) {
      if (to <= headBytes) return read(from, to);
      if (from >= first && to <= last) return read(headBytes + from - first, headBytes + to - first);
      throw new Error(`${name}: the bytes from ${from} to ${to} are asked for, those from ${first} to ${last} are here`);
    },
  };
}

async function* nothing(): AsyncGenerator<Uint8Array> {}
