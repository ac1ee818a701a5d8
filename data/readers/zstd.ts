import { Decompress } from 'fzstd';

/** Decompresses at once. @throws Error for bytes that are no zstd frame, and for more than `limit` bytes of output. */
export function decodeZstd(input: Uint8Array, limit: number): Uint8Array<ArrayBuffer> {
  const pieces: Uint8Array[] = [];
  let length = 0;
  const stream = zstdStream((piece) => {
    length += piece.length;
    if (length > limit) throw new Error(`more than ${limit} bytes when unpacked`);
    pieces.push(piece.slice());
  });
  for (let at = 0; at < input.length; at += STEP_BYTES) {
    stream.push(input.subarray(at, at + STEP_BYTES), at + STEP_BYTES >= input.length);
  }
  const whole = new Uint8Array(length);
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}

/** A block has 128 KiB at most, and the sink sees each before the next is decoded. */
const STEP_BYTES = 1 << 16;

/** The window is memory that the frame's header asks for: zstd itself refuses more than this without being told to. */
const MAX_WINDOW_BYTES = 128 * 2 ** 20;

/** Decompresses piece by piece. @throws Error on push. */
export function zstdStream(sink: (piece: Uint8Array) => void): { push(bytes: Uint8Array, last: boolean): void } {
  let head: Uint8Array = new Uint8Array(0);
  let isChecked = false;
  const stream = new Decompress((piece) => {
    if (piece.length > 0) sink(piece);
  });
  return {
    push(bytes, last) {
      let next = bytes;
      if (!isChecked) {
        head = Buffer.concat([head, bytes]);
        if (head.length < LONGEST_HEADER && !last) return;
        checkWindow(head);
        isChecked = true;
        next = head;
      }
      stream.push(next, last);
    },
  };
}

const LONGEST_HEADER = 18;

/** RFC 8878, 3.1.1.1. */
function checkWindow(head: Uint8Array): void {
  if (head.length < 6 || head[0] !== 0x28 || head[1] !== 0xb5 || head[2] !== 0x2f || head[3] !== 0xfd)
    throw new Error('no zstd frame');
  const descriptor = head[4]!;
  const isSingleSegment = (descriptor & 0x20) !== 0;
  let window: number;
  if (isSingleSegment) {
    const size = [1, 2, 4, 8][descriptor >> 6]!;
    const from = 5 + [0, 1, 2, 4][descriptor & 3]!;
    window = 0;
    for (let i = size - 1; i >= 0; i--) window = window * 256 + (head[from + i] ?? 0);
    if (size === 2) window += 256;
  } else {
    const base = 2 ** (10 + (head[5]! >> 3));
    window = base + (base / 8) * (head[5]! & 7);
  }
  if (window > MAX_WINDOW_BYTES)
    throw new Error(`it asks for a window of ${window} bytes, more than ${MAX_WINDOW_BYTES}: pack it without --long`);
}
