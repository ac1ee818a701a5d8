import { after } from '../compile/order.js';
import { tf, type Tensor } from '../tensorflow.js';
import { withGradient } from './custom-gradient.js';
import { statelessUniform } from './direct.js';
import { nextSite } from './dropout-sites.js';

/**
 * Dropout for one forward pass. Every mask is a function of (run seed, step, site), so there is no generator state to
 * lose: a run cut at any step draws the same masks when it goes on. `seed` is an int32 tensor (2) of [run seed, step].
 */
export interface DropoutMasks {
  /** Zeroes elements of x with the run's dropout rate and scales the others by 1 / (1 - rate). */
  apply(x: Tensor): Tensor;
}

export const noDropout: DropoutMasks = { apply: (x) => x };

export function dropoutMasks(rate: number, seed: Tensor): DropoutMasks {
  if (rate === 0) return noDropout;
  let site = 0;
  return {
    apply(x) {
      const here = nextSite(() => ++site);
      return withGradient([x], (x) => {
        // Not before x is there: a mask needs the seed alone, and TensorFlow would draw those of all layers first and keep them.
        const siteSeed = tf.add(after(seed, x!), tf.tensor1d([here << 20, 0], 'int32')) as Tensor;
        const uniform = statelessUniform(tf.tensor1d(x!.shape, 'int32'), siteSeed);
        // floor(u + keep) is 1 with probability keep: one op less than compare and cast.
        const mask = tf.mul(tf.floor(tf.add(uniform, 1 - rate)), 1 / (1 - rate));
        return { value: tf.mul(x!, mask), saved: [mask], backward: (dy, [mask]) => [tf.mul(dy, mask!)] };
      });
    },
  };
}
