/**
 * The examples of a batch repeated until it has `rows` of them. What fills up a batch weighs nothing in the loss, but a BatchNorm
 * takes its mean and variance over all rows: these must not be of a kind that no example is.
 */
export const filledUp = (examples: Int32Array, rows: number): Int32Array =>
  Int32Array.from({ length: examples.length === 0 ? 0 : rows }, (_, row) => examples[row % examples.length]!);

/** Repeats the first `filled` rows of a batch, `width` values each, to its end: see filledUp. */
export function fillUp(values: Float32Array, filled: number, width: number): void {
  if (filled === 0) return;
  for (let at = filled * width; at < values.length; at += width)
    values.copyWithin(at, at - filled * width, at - (filled - 1) * width);
}
