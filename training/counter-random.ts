/**
 * Counter-based integers: draw i of stream (seed, a) is a function of these three numbers alone, so no generator has a
 * state that a checkpoint could lose. The mixer is splitmix32's finaliser (Steele et al., 2014) over 32-bit products.
 */

const mix = (x: number): number => {
  let z = x | 0;
  z = Math.imul(z ^ (z >>> 16), 0x21f0aaad);
  z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
  return (z ^ (z >>> 15)) >>> 0;
};

/** Integer in [0, 2³²). */
export const draw = (seed: number, stream: number, i: number): number =>
  mix(mix(mix(seed + 0x9e3779b9) + stream + 0x85ebca6b) + i);

/** Integer in [0, bound). The bias of the modulus is below bound / 2³². */
const drawBelow = (seed: number, stream: number, i: number, bound: number): number => draw(seed, stream, i) % bound;

/** Fisher–Yates over 0 … n-1: the same order for the same (seed, stream). */
export function permutation(n: number, seed: number, stream: number): Int32Array {
  const order = Int32Array.from({ length: n }, (_, i) => i);
  for (let i = n - 1; i > 0; i--) {
    const j = drawBelow(seed, stream, i, i + 1);
    [order[i], order[j]] = [order[j]!, order[i]!];
  }
  return order;
}

/** Normal values by the Box–Muller transform, cut at two standard deviations as BERT initialises its weights. */
export function truncatedNormal(count: number, std: number, seed: number, stream: number): Float32Array {
  const values = new Float32Array(count);
  for (let i = 0, at = 0; i < count; at += 2) {
    const u = (draw(seed, stream, at) + 1) / 2 ** 32; // (0, 1]
    const v = draw(seed, stream, at + 1) / 2 ** 32;
    const z = Math.sqrt(-2 * Math.log(u)) * Math.cos(2 * Math.PI * v);
    if (Math.abs(z) <= 2) values[i++] = z * std;
  }
  return values;
}
