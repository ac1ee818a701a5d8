/**
 * Repeats the first `filled` rows of a batch, `width` values each, to its end. What fills up a batch weighs nothing in the loss, but a
 * BatchNorm takes its mean and variance over all rows: these must not be of a kind that no example is.
 */
export function fillUp(values: Float32Array, filled: number, width: number): void {
  if (filled === 0) return;
  for (let at = filled * width; at < values.length; at += width) {
    values.copyWithin(at, at - filled * width, at - (filled - 1) * width);
  }
}
