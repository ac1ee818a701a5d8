import { withGradient } from '../ops/custom-gradient.js';
import { tf, type Tensor } from '../tensorflow.js';
import type { Objective } from './objective.js';
import { valueTargets } from './targets.js';

/** Errors (n) to losses (n) and the derivatives by the error (n). */
type ErrorLoss = (errors: Tensor) => { losses: Tensor; slopes: Tensor };

const squared: ErrorLoss = (errors) => ({ losses: tf.square(errors), slopes: tf.mul(errors, 2) });

const absolute: ErrorLoss = (errors) => ({ losses: tf.abs(errors), slopes: tf.sign(errors) });

/** e²/2 up to delta, delta (|e| - delta/2) above (Huber, 1964), as torch.nn.HuberLoss. */
const huber =
  (delta: number): ErrorLoss =>
  (errors) => {
    const size = tf.abs(errors);
    const quadratic = tf.minimum(size, delta);
    const losses: Tensor = tf.mul(quadratic, tf.sub(size, tf.mul(quadratic, 0.5)));
    return { losses, slopes: tf.clipByValue(errors, -delta, delta) };
  };

/** One number a row: outputs (n, 1) against `values` (n). The error is in standard deviations of the column. */
const regression = (lossOf: ErrorLoss, deviation: number): Objective => ({
  targets: valueTargets,
  losses: (outputs, { values }) =>
    withGradient([outputs], (outputs) => {
      const errors = tf.sub(tf.reshape(outputs!, [-1]), values!);
      const { losses, slopes } = lossOf(deviation === 1 ? errors : tf.div(errors, deviation));
      return {
        value: losses,
        saved: [slopes],
        backward: (dy, [slopes]) => {
          const byError = tf.mul(slopes!, dy);
          return [tf.reshape(deviation === 1 ? byError : tf.div(byError, deviation), [-1, 1])];
        },
      };
    }),
});

export const squaredErrorObjective = (deviation: number): Objective => regression(squared, deviation);
export const absoluteErrorObjective = (deviation: number): Objective => regression(absolute, deviation);
export const huberObjective = (delta: number, deviation: number): Objective => regression(huber(delta), deviation);
