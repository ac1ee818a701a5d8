/** Weighted sum of an example's losses by position, and the weight of them all; what does not count does not matter, even NaN. */
export function positionLoss(
  losses: Float32Array,
  weights: ArrayLike<number>,
): { readonly loss: number; readonly weight: number } {
  let [loss, weight] = [0, 0];
  for (let at = 0; at < weights.length; at++) {
    if (weights[at] === 0) continue;
    loss += weights[at]! * losses[at]!;
    weight += weights[at]!;
  }
  return { loss, weight };
}
