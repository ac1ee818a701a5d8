import { growingArray } from '../growing-array.js';
import { CONTENT_BYTES } from './facts.js';

/** A hash table of content keys in flat memory (open addressing, linear probing): about 50 bytes a key, no object each. */
export function firstOfEqual() {
  const keys = growingArray((length) => new Uint8Array(length));
  const labels = growingArray((length) => new Float64Array(length));
  let slots = new Int32Array(1024); // index of a key + 1; 0 is free

  /** Keys are hashes already; the bits after those that chose their file choose the slot. */
  const slotOf = (bytes: Uint8Array, at: number): number =>
    ((bytes[at + 4]! << 24) | (bytes[at + 5]! << 16) | (bytes[at + 6]! << 8) | bytes[at + 7]!) & (slots.length - 1);

  function grow(): void {
    const all = keys.view();
    slots = new Int32Array(slots.length * 2);
    for (let index = 0; index < labels.length; index++) {
      let slot = slotOf(all, index * CONTENT_BYTES);
      while (slots[slot] !== 0) slot = (slot + 1) & (slots.length - 1);
      slots[slot] = index + 1;
    }
  }
  return {
    /** The label that came with the first key equal to the one at `at`; null for the first, whose label is kept. */
    labelOf(bytes: Uint8Array, at: number, label: number): number | null {
      const all = keys.view();
      let slot = slotOf(bytes, at);
      for (; slots[slot] !== 0; slot = (slot + 1) & (slots.length - 1)) {
        const index = slots[slot]! - 1;
        if (equal(all, index * CONTENT_BYTES, bytes, at)) return labels.view()[index]!;
      }
      keys.append(bytes.subarray(at, at + CONTENT_BYTES));
      labels.push(label);
      slots[slot] = labels.length;
      if (labels.length * 2 > slots.length) grow();
      return null;
    },
  };
}

function equal(a: Uint8Array, atA: number, b: Uint8Array, atB: number): boolean {
  for (let i = 0; i < CONTENT_BYTES; i++) if (a[atA + i] !== b[atB + i]) return false;
  return true;
}
