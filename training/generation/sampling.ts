import type { GenerationSettings } from '../../models/generation-settings.js';

export type SamplingSettings = Pick<GenerationSettings, 'temperature' | 'topK' | 'topP' | 'repetitionPenalty'>;

/**
 * The token that follows, from the scores of every token of the vocabulary (before softmax). `seen` are the tokens of the text
 * so far; `uniform`, in [0, 1), is the draw, which a temperature of 0 does not need.
 */
export function nextToken(
  scores: Float32Array,
  seen: Iterable<number>,
  settings: SamplingSettings,
  uniform: number,
): number {
  if (settings.temperature === 0) return largest(penalised(scores, seen, settings.repetitionPenalty));
  return pick(probabilities(scores, seen, settings), uniform);
}

/**
 * What sampling draws from, in the order of transformers' processors: repetition penalty, temperature, top-k, then top-p
 * (Holtzman et al., 2020). Tokens left out have 0; temperature above 0.
 */
export function probabilities(
  scores: Float32Array,
  seen: Iterable<number>,
  { temperature, topK, topP, repetitionPenalty }: SamplingSettings,
): Float64Array {
  const logits = penalised(scores, seen, repetitionPenalty).map((score) => score / temperature);
  if (topK !== null && topK < logits.length) keepFrom(logits, logits.toSorted()[logits.length - topK]!, -Infinity);
  const shares = softmax(logits);
  if (topP === 1) return shares;
  const ascending = shares.toSorted();
  let below = 0;
  let at = -1;
  while (below <= 1 - topP && at < ascending.length - 1) below += ascending[++at]!;
  keepFrom(shares, ascending[at]!, 0);
  const kept = shares.reduce((sum, share) => sum + share, 0);
  return shares.map((share) => share / kept);
}

/** The penalty of Keskar et al., 2019: scores of tokens that occurred are divided by it, negative ones multiplied. */
function penalised(scores: Float32Array, seen: Iterable<number>, penalty: number): Float64Array {
  const logits = Float64Array.from(scores);
  if (penalty === 1) return logits;
  for (const token of new Set(seen)) logits[token]! *= logits[token]! < 0 ? penalty : 1 / penalty;
  return logits;
}

/** Ties with the limit stay. */
function keepFrom(values: Float64Array, limit: number, otherwise: number): void {
  for (let i = 0; i < values.length; i++) if (values[i]! < limit) values[i] = otherwise;
}

function softmax(logits: Float64Array): Float64Array {
  const highest = logits[largest(logits)]!;
  const powers = logits.map((logit) => Math.exp(logit - highest));
  const sum = powers.reduce((total, power) => total + power, 0);
  return powers.map((power) => power / sum);
}

/** Place of the largest value; the first of equal ones. */
function largest(values: Float64Array): number {
  let best = 0;
  for (let i = 1; i < values.length; i++) if (values[i]! > values[best]!) best = i;
  return best;
}

/** The token at which the probabilities, summed from the first on, pass the draw. */
function pick(shares: Float64Array, uniform: number): number {
  let sum = 0;
  let last = 0; // rounding may leave the sum below the draw: then the last token that has a share
  for (let token = 0; token < shares.length; token++) {
    if (shares[token] === 0) continue;
    sum += shares[token]!;
    if (sum > uniform) return token;
    last = token;
  }
  return last;
}
