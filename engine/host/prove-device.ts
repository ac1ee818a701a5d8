import { deviceKind, tf } from '../../training/tensorflow.js';

const SIDE = 64;

/**
 * Multiplies two matrices of ones where steps are done. A driver that loads and cannot compute would otherwise take a run's last tries at a
 * step, with healthy hosts beside it: an engine that ends or stands still here has not started, and its worker takes no sessions.
 * @throws where the product is not what it must be, to the bit: SIDE, in each place, in float32 as in TF32.
 */
export function proveDevice(): void {
  const product = tf.tidy(() => tf.matMul(tf.ones([SIDE, SIDE]), tf.ones([SIDE, SIDE])).dataSync());
  const wrong = product.findIndex((value) => value !== SIDE);
  if (wrong < 0) return;
  throw new Error(
    `the ${deviceKind()} computes wrongly: expected ${SIDE} at ${wrong} of a product of ones, found ${product[wrong]}`,
  );
}
