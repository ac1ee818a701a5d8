import { classRows } from '../../test/support/base-model.js';
import type { Examples } from '../../training/examples/examples.js';
import { gatherTargets } from '../../training/examples/row-targets.js';
import { tokenExamples } from '../../training/examples/token-examples.js';

export const CLASSES = 10;
export const ROWS = 32;

/** Anywhere in the vocabulary, always the same. */
const token = (i: number): number => 1000 + ((i * 7919 + 104_729) % 19_000);

/** Full rows: `length` tokens each. */
export function fullRows(rows: number, length: number): Examples {
  const ids = Array.from({ length: rows }, (_, row) => Array.from({ length }, (_, i) => token(row * length + i)));
  return classRows(
    ids,
    ids.map((_, i) => i % CLASSES),
    length,
  );
}

/** Blocks for a language model: `length` inputs each, and the token after them. */
export function blocksOfTokens(rows: number, length: number): Examples {
  const width = length + 1;
  const values = Int32Array.from({ length: rows * width }, (_, i) => token(i));
  const offsets = Int32Array.from({ length: rows + 1 }, (_, i) => i * width);
  return tokenExamples({ tokens: { values, offsets }, types: null, targets: { kind: 'next' }, maxLength: length });
}

/** Images whose pixels are floats in memory, as the peers have theirs. */
export function floatImages(count: number, size: number, channels: number): Examples {
  const elements = size * size * channels;
  const images = Float32Array.from({ length: count * elements }, (_, i) => Math.sin(0.05 * i + (i % 3000) ** 2 / 3000));
  const labels = Int32Array.from({ length: count }, (_, i) => i % CLASSES);
  const targets = (examples: Int32Array, rows: number) => gatherTargets({ kind: 'class', labels }, examples, rows);
  return {
    count,
    lengthOf: () => 1,
    bucketFor: () => 1,
    targets,
    gather(examples, rows) {
      const pixels = new Float32Array(rows * elements);
      examples.forEach((example, row) =>
        pixels.set(images.subarray(example * elements, (example + 1) * elements), row * elements),
      );
      return { pixels, ...targets(examples, rows) };
    },
  };
}

/** A small head that gives every class another score. */
export const headValues = (count: number): Float32Array =>
  Float32Array.from({ length: count }, (_, i) => 0.02 * Math.sin(0.37 * i + 1));
