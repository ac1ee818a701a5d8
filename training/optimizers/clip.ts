import { halfSquaredNorm } from '../ops/direct.js';
import { tf, type Tensor } from '../tensorflow.js';

/** Gradients scaled to at most the limit, and the norm before (PyTorch's clip_grad_norm_). A limit of null only measures. */
export function clipByGlobalNorm(
  gradients: readonly Tensor[],
  limit: number | null,
): { gradients: readonly Tensor[]; norm: Tensor } {
  const norm = tf.sqrt(tf.mul(tf.addN(gradients.map(halfSquaredNorm)), 2));
  if (limit === null) return { gradients, norm };
  const scale = tf.minimum(tf.div(limit, tf.add(norm, 1e-6)), 1);
  return { gradients: gradients.map((gradient) => tf.mul(gradient, scale)), norm };
}
