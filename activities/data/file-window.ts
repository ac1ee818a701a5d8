import { createReadStream } from 'node:fs';
import type { ByteSource } from '../../data/byte-source.js';

/** A file of a source as a part is read of it. Of a large one only the part lies on this machine, and the file's head. */
export interface FileWindow {
  readonly name: string;
  /** Of the whole file. */
  readonly bytes: number;
  readonly here:
    | { readonly kind: 'whole'; readonly path: string }
    | {
        readonly kind: 'part';
        /** The bytes from the start of the file that name its columns. */
        readonly head: { readonly path: string; readonly bytes: number };
        /** The bytes from `from` up to `to`. */
        readonly part: { readonly path: string; readonly from: number; readonly to: number };
      };
}

const CHUNK_BYTES = 1 << 20;

/** @throws Error when a byte is asked for that does not lie here: a defect. */
export function openWindow({ name, bytes, here }: FileWindow): ByteSource {
  if (here.kind === 'whole') {
    const { path } = here;
    return { name, bytes, open: () => read(path, 0, bytes), openRange: (from, to) => read(path, from, to) };
  }
  const { head, part } = here;
  return {
    name,
    bytes,
    // Whoever reads a part reads the head of the file, and no further.
    async *open() {
      yield* read(head.path, 0, head.bytes);
      throw new Error(`${name}: only the first ${head.bytes} bytes and those from ${part.from} to ${part.to} are here`);
    },
    openRange(from, to) {
      if (from >= part.from && to <= part.to) return read(part.path, from - part.from, to - part.from);
      if (to <= head.bytes) return read(head.path, from, to);
      throw new Error(
        `${name}: the bytes from ${from} to ${to} are wanted, those from ${part.from} to ${part.to} are here`,
      );
    },
  };
}

async function* read(path: string, from: number, to: number): AsyncGenerator<Uint8Array> {
  if (to > from)
    yield* createReadStream(path, { start: from, end: to - 1, highWaterMark: CHUNK_BYTES }) as AsyncIterable<Buffer>;
}
