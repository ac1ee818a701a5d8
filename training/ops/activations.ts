import { backend, tf, type Tensor } from '../tensorflow.js';
import { withGradient } from './custom-gradient.js';
import { FLOAT, typeAttr } from './direct.js';

const T = [typeAttr('T', FLOAT)];
const run = (op: string, ...inputs: Tensor[]): Tensor => backend.executeSingleOutput(op, T, inputs);

/** max(x, 0). The gradient needs the output alone, so the input need not stay in memory. */
export const relu = (x: Tensor): Tensor => rectifier(x, 'Relu');

/** min(max(x, 0), 6): MobileNet's (Howard et al., 2017). */
export const relu6 = (x: Tensor): Tensor => rectifier(x, 'Relu6');

const rectifier = (x: Tensor, op: 'Relu' | 'Relu6'): Tensor =>
  withGradient([x], (x) => {
    const value = run(op, x!);
    return { value, saved: [value], backward: (dy, [value]) => [run(`${op}Grad`, dy, value!)] };
  });

/** x · relu6(x + 3) / 6 (Howard et al., 2019). */
export const hardSwish = (x: Tensor): Tensor =>
  withGradient([x], (x) => {
    const gate = run('Relu6', tf.add(x!, 3)); // six times the gate
    return {
      value: tf.mul(tf.mul(x!, gate), 1 / 6),
      saved: [x!, gate],
      backward: (dy, [x, gate]) => [tf.mul(tf.add(tf.mul(dy, gate!), run('Relu6Grad', tf.mul(dy, x!), gate!)), 1 / 6)],
    };
  });

/** x · sigmoid(x) (Elfwing et al., 2017), also called swish. */
export const silu = (x: Tensor): Tensor =>
  withGradient([x], (x) => {
    const gate = run('Sigmoid', x!);
    return {
      value: tf.mul(x!, gate),
      saved: [x!, gate],
      backward: (dy, [x, gate]) => [tf.mul(tf.mul(dy, gate!), tf.add(tf.mul(x!, tf.sub(1, gate!)), 1))],
    };
  });

export const activations = { relu, relu6, hardswish: hardSwish, silu, swish: silu } as const;
export type Activation = keyof typeof activations;
