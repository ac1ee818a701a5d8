import { gather, type Batch, type TokenTable } from '../../training/batches.js';

export const CLASSES = 10;
export const ROWS = 32;

/** A batch of full rows: `length` tokens each, anywhere in the vocabulary, always the same. */
export function fullBatch(rows: number, length: number): { table: TokenTable; batch: Batch } {
  const tokens = Int32Array.from({ length: rows * length }, (_, i) => 1000 + ((i * 7919 + 104_729) % 19_000));
  const offsets = Int32Array.from({ length: rows + 1 }, (_, i) => i * length);
  const labels = Int32Array.from({ length: rows }, (_, i) => i % CLASSES);
  const table = { tokens, offsets, labels };
  return { table, batch: gather(table, Int32Array.from(labels.keys()), rows, length) };
}

/** A small head that gives every class another score. */
export const headValues = (count: number): Float32Array =>
  Float32Array.from({ length: count }, (_, i) => 0.02 * Math.sin(0.37 * i + 1));
