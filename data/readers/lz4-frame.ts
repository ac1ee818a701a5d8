/** Decoder of the LZ4 frame format, in which Arrow files are compressed (lz4.org, lz4_Frame_format). Check sums are passed over. */

const MAGIC = 0x184d2204;
const MIN_MATCH = 4;

/** @throws Error for bytes that are no frame, and for more than `limit` bytes of output. */
export function decodeLz4Frame(input: Uint8Array, limit: number): Uint8Array<ArrayBuffer> {
  const view = new DataView(input.buffer, input.byteOffset, input.byteLength);
  if (view.getUint32(0, true) !== MAGIC) throw new Error('no LZ4 frame');
  const flags = view.getUint8(4);
  const hasContentSize = (flags & 0x08) !== 0;
  const hasDictionary = (flags & 0x01) !== 0;
  const hasBlockChecksums = (flags & 0x10) !== 0;
  if (flags >> 6 !== 1 || hasDictionary) throw new Error('an LZ4 frame of an unknown kind');
  let at = 6 + (hasContentSize ? 8 : 0) + 1;
  const sink = growing(limit);
  for (;;) {
    const word = view.getUint32(at, true);
    at += 4;
    if (word === 0) return sink.bytes();
    const length = word & 0x7fffffff;
    if (at + length > input.length) throw new Error('an LZ4 block that is cut short');
    const block = input.subarray(at, at + length);
    if (word >>> 31) sink.copy(block);
    else decodeBlock(block, sink);
    at += length + (hasBlockChecksums ? 4 : 0);
  }
}

function growing(limit: number) {
  let buffer = new Uint8Array(Math.min(limit, 1 << 16));
  let length = 0;
  const room = (more: number): void => {
    if (length + more > limit) throw new Error(`more than ${limit} bytes when unpacked`);
    if (length + more <= buffer.length) return;
    const larger = new Uint8Array(Math.min(limit, Math.max(buffer.length * 2, length + more)));
    larger.set(buffer.subarray(0, length));
    buffer = larger;
  };
  return {
    bytes: () => buffer.slice(0, length),
    copy(bytes: Uint8Array): void {
      room(bytes.length);
      buffer.set(bytes, length);
      length += bytes.length;
    },
    /** Blocks may refer to those before them. */
    repeat(distance: number, count: number): void {
      if (distance === 0 || distance > length) throw new Error('an LZ4 match before the beginning');
      room(count);
      if (distance >= count) buffer.copyWithin(length, length - distance, length - distance + count);
      else for (let i = 0; i < count; i++) buffer[length + i] = buffer[length + i - distance]!;
      length += count;
    },
  };
}

function decodeBlock(block: Uint8Array, sink: ReturnType<typeof growing>): void {
  let at = 0;
  const byte = (): number => {
    if (at >= block.length) throw new Error('an LZ4 block that is cut short');
    return block[at++]!;
  };
  const lengthFrom = (nibble: number): number => {
    let length = nibble;
    if (nibble === 15) for (let more = 255; more === 255; length += more) more = byte();
    return length;
  };
  while (at < block.length) {
    const token = byte();
    const literals = lengthFrom(token >> 4);
    if (at + literals > block.length) throw new Error('an LZ4 block that is cut short');
    sink.copy(block.subarray(at, at + literals));
    at += literals;
    if (at === block.length) return;
    const distance = byte() | (byte() << 8);
    sink.repeat(distance, lengthFrom(token & 15) + MIN_MATCH);
  }
}
