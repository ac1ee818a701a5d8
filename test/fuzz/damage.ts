/** Seeded damage to files: the same seed gives the same bytes. */

/** mulberry32: for choosing what to break, which must be the same again. */
export function chooser(seed: number) {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
  return {
    below: (n: number): number => Math.floor(next() * n),
    of: <T>(choices: readonly T[]): T => choices[Math.floor(next() * choices.length)]!,
  };
}

/** Numbers at which programs stumble, as 1, 2, 4 or 8 bytes. */
const numbers = [0, 1, 0x7f, 0x80, 0xff, 0x7fff, 0xffff, 0x7fffffff, 0x80000000, 0xffffffff];
const texts = [
  '"',
  ',',
  '\n',
  '\r\n',
  '\t',
  '{',
  '}',
  '[',
  ']',
  '\\',
  '\u0000',
  '\ufeff',
  '\ud800',
  'null',
  '1e999',
  '[[[[[[[[',
  '""""',
];

export function damaged(original: Uint8Array, seed: number): Uint8Array {
  const choose = chooser(seed);
  let bytes: Buffer = Buffer.from(original);
  const times = 1 + choose.below(choose.of([1, 4, 20]));
  for (let i = 0; i < times && bytes.length > 0; i++) {
    const at = choose.below(bytes.length);
    const length = Math.min(bytes.length - at, 1 + choose.below(choose.of([2, 16, 400])));
    const rest = bytes.subarray(at + length);
    switch (choose.below(8)) {
      case 0:
        bytes[at]! ^= 1 << choose.below(8);
        break;
      case 1:
        bytes[at] = choose.below(256);
        break;
      case 2: {
        const number = Buffer.alloc(8);
        number.writeBigUInt64LE(BigInt(choose.of(numbers)) + (choose.below(4) === 0 ? 0xffffffff00000000n : 0n));
        number.copy(bytes, at, 0, Math.min(choose.of([1, 2, 4, 8]), bytes.length - at));
        break;
      }
      case 3:
        bytes = bytes.subarray(0, at);
        break;
      case 4:
        bytes = Buffer.concat([bytes.subarray(0, at), rest]);
        break;
      case 5:
        bytes = Buffer.concat([bytes.subarray(0, at + length), bytes.subarray(at)]);
        break;
      case 6:
        bytes = Buffer.concat([bytes.subarray(0, at), Buffer.from(choose.of(texts)), bytes.subarray(at)]);
        break;
      default:
        bytes.fill(choose.below(256), at, at + length);
    }
  }
  return bytes;
}
