import { classRows } from '../../test/support/base-model.js';
import type { Examples } from '../../training/examples/examples.js';

export const CLASSES = 10;
export const ROWS = 32;

/** A batch of full rows: `length` tokens each, anywhere in the vocabulary, always the same. */
export function fullBatch(rows: number, length: number): { examples: Examples; all: Int32Array } {
  const ids = Array.from({ length: rows }, (_, row) =>
    Array.from({ length }, (_, i) => 1000 + (((row * length + i) * 7919 + 104_729) % 19_000)),
  );
  const labels = ids.map((_, i) => i % CLASSES);
  return { examples: classRows(ids, labels, length), all: Int32Array.from(labels.keys()) };
}

/** A small head that gives every class another score. */
export const headValues = (count: number): Float32Array =>
  Float32Array.from({ length: count }, (_, i) => 0.02 * Math.sin(0.37 * i + 1));
