import { tf, type Tensor } from '../tensorflow.js';
import { batchMatMul } from './direct.js';
import { withGradient } from './custom-gradient.js';
import type { DropoutMasks } from './dropout.js';

/** x · y or x · yᵀ over the last two axes of (batch, heads, …, …). */
const multiply = (x: Tensor, y: Tensor, transposeY: boolean): Tensor =>
  withGradient([x, y], (x, y) => ({
    value: batchMatMul(x!, y!, false, transposeY),
    saved: [x!, y!],
    backward: (dz, [x, y]) =>
      transposeY
        ? [batchMatMul(dz, y!), batchMatMul(dz, x!, true, false)]
        : [batchMatMul(dz, y!, false, true), batchMatMul(x!, dz, true, false)],
  }));

/**
 * Scaled dot-product attention (Vaswani et al., 2017). query, key, value: (batch, heads, length, width); bias: added to
 * the scores, (batch, 1, 1, length), very negative where a key is padding. Returns (batch, heads, length, width).
 */
export function attention(query: Tensor, key: Tensor, value: Tensor, bias: Tensor, dropout: DropoutMasks): Tensor {
  const width = query.shape[3]!;
  const scores = tf.add(multiply(tf.mul(query, 1 / Math.sqrt(width)), key, true), bias); // (batch, heads, length, length)
  return multiply(dropout.apply(tf.softmax(scores)), value, false);
}
