import type { Lists } from '../../data/shards.js';

/** Arrays back to back; a single one is used as it is. */
export const joinInts = (parts: readonly Int32Array[]): Int32Array =>
  parts.length === 1 ? parts[0]! : joined(parts, (length) => new Int32Array(length));

export const joinFloats = (parts: readonly Float32Array[]): Float32Array =>
  parts.length === 1 ? parts[0]! : joined(parts, (length) => new Float32Array(length));

/** Lists of several shards as the lists of one. */
export function joinLists(parts: readonly Lists[]): Lists {
  if (parts.length === 1) return parts[0]!;
  const offsets = new Int32Array(parts.reduce((sum, part) => sum + part.offsets.length - 1, 1));
  let [row, at] = [0, 0];
  for (const part of parts) {
    for (let i = 1; i < part.offsets.length; i++) offsets[++row] = at + part.offsets[i]!;
    at += part.values.length;
  }
  return { values: joinInts(parts.map(({ values }) => values)), offsets };
}

function joined<T extends Int32Array | Float32Array>(parts: readonly T[], create: (length: number) => T): T {
  const whole = create(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
