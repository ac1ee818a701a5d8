import type { ByteSource } from '../../data/byte-source.js';

/** The same bytes in pieces of the given size, so that characters and lines are cut anywhere. */
export function inPieces(name: string, content: string | Uint8Array, size: number): ByteSource {
  const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : content;
  const source: ByteSource = {
    name,
    bytes: bytes.length,
    open: () => source.openRange(0, bytes.length),
    async *openRange(from, to) {
      for (let at = from; at < to; at += size) yield bytes.subarray(at, Math.min(to, at + size));
    },
  };
  return source;
}
