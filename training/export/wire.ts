/** The little of protobuf's wire format (https://protobuf.dev/programming-guides/encoding) that large messages are put together with. */

function varint(value: number): Uint8Array {
  const bytes: number[] = [];
  let rest = value;
  while (rest >= 0x80) {
    bytes.push((rest % 0x80) | 0x80);
    rest = Math.floor(rest / 0x80);
  }
  return Uint8Array.from([...bytes, rest]);
}

/** A message in parts, so that a tensor's bytes go from memory to the file without being copied into a message. */
export type Parts = readonly Uint8Array[];

export const lengthOf = (parts: Parts): number => parts.reduce((sum, { byteLength }) => sum + byteLength, 0);

/** Field `number` of a message: the length of `parts`, and `parts`. */
export const field = (number: number, parts: Parts): Parts => [
  varint(number * 8 + 2),
  varint(lengthOf(parts)),
  ...parts,
];

export const intField = (number: number, value: number): Parts => [varint(number * 8), varint(value)];

export const textField = (number: number, text: string): Parts => field(number, [new TextEncoder().encode(text)]);
