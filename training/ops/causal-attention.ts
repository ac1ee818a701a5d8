import { tf, type Tensor } from '../tensorflow.js';
import { attention } from './attention.js';
import type { DropoutMasks } from './dropout.js';

/** What a score gets whose key comes after its query: exp() of it is 0. */
export const UNSEEN = -1e9;

/** (1, 1, length, length), 0 where a query sees a key, very negative where the key comes later; a constant of the graph. */
export function causalBias(length: number): Tensor {
  const values = new Float32Array(length * length);
  for (let query = 0; query < length; query++) values.fill(UNSEEN, query * length + query + 1, (query + 1) * length);
  return tf.tensor4d(values, [1, 1, length, length]);
}

/**
 * Query, key and value out of their common projection (rows · length, 3 · width), each (rows, heads, length, width / heads).
 * One transposition brings all three to the front axis, along which taking them apart copies nothing.
 */
export function splitProjection(projected: Tensor, rows: number, heads: number): [Tensor, Tensor, Tensor] {
  const [positions, columns] = projected.shape as [number, number];
  const parts = tf.reshape(projected, [rows, positions / rows, 3, heads, columns / 3 / heads]);
  return tf.unstack(tf.transpose(parts, [2, 0, 3, 1, 4])) as [Tensor, Tensor, Tensor];
}

/** (rows, heads, length, width / heads) -> (rows · length, width). */
export function joinHeads(x: Tensor): Tensor {
  const [rows, heads, length, width] = x.shape as [number, number, number, number];
  return tf.reshape(tf.transpose(x, [0, 2, 1, 3]), [rows * length, heads * width]);
}

/**
 * Self-attention in which a position sees itself and those before it. `projected` is (rows · length, 3 · width): queries, keys
 * and values side by side. Rows are padded at their end, where nothing that counts looks: there is no padding mask.
 * Returns (rows · length, width).
 */
export function causalAttention(
  projected: Tensor,
  bias: Tensor,
  { rows, heads }: { rows: number; heads: number },
  dropout: DropoutMasks,
): Tensor {
  const [query, key, value] = splitProjection(projected, rows, heads);
  return joinHeads(attention(query, key, value, bias, dropout));
}
