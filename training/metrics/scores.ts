/** Index of the largest of `count` scores from `from` on; of equals the first. */
export function argmax(scores: ArrayLike<number>, from = 0, count = scores.length): number {
  let at = from;
  for (let i = from + 1; i < from + count; i++) if (scores[i]! > scores[at]!) at = i;
  return at - from;
}

export function softmax(logits: Float32Array): number[] {
  const max = logits.reduce((a, b) => Math.max(a, b), -Infinity);
  const powers = Array.from(logits, (logit) => Math.exp(logit - max));
  const total = powers.reduce((sum, power) => sum + power, 0);
  return powers.map((power) => power / total);
}

export const sigmoid = (logit: number): number => 1 / (1 + Math.exp(-logit));

/** Whether a class of many is predicted: its probability is at least one half. */
export const isPredicted = (logit: number): boolean => logit >= 0;

/**
 * log p - log(1 - p) of each class's softmax score: ranks rows just as the score does, and still tells apart those that a float
 * would call 1. Written into `into`.
 */
export function logOdds(logits: Float32Array, into: Float32Array): void {
  const best = argmax(logits);
  const max = logits[best]!;
  let second = -Infinity;
  for (let i = 0; i < logits.length; i++) if (i !== best) second = Math.max(second, logits[i]!);
  let others = 0; // of the best class, in units of e^second: without it nothing cancels
  for (let i = 0; i < logits.length; i++) if (i !== best) others += Math.exp(logits[i]! - second);
  const total = 1 + others * Math.exp(second - max); // in units of e^max
  for (let i = 0; i < logits.length; i++) {
    into[i] =
      i === best ? max - second - Math.log(others) : logits[i]! - max - Math.log(total - Math.exp(logits[i]! - max));
  }
}

/**
 * Whether `label` is among the `k` largest scores. Of equal scores the later class comes first, as in scikit-learn's
 * top_k_accuracy_score.
 */
export function isAmongTop(scores: ArrayLike<number>, label: number, k: number): boolean {
  let above = 0;
  for (let i = 0; i < scores.length; i++) {
    if (scores[i]! > scores[label]! || (scores[i] === scores[label] && i > label)) above += 1;
  }
  return above < k;
}
