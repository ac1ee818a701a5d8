import type { Parameters } from '../model.js';
import { tf, type Tensor } from '../tensorflow.js';
import { withGradient } from './custom-gradient.js';
import { dense } from './dense.js';
import { matMul } from './direct.js';

/**
 * x (rows, in) through the layer `name` of a model: x · weightᵀ + bias, and + scale · (x · aᵀ) · bᵀ where its weight has a
 * low-rank adapter. The sum of weight and adapter is never formed, nor is the frozen weight's gradient: nothing fetches it, so
 * TensorFlow leaves it out.
 */
export function linear(parameters: Parameters, x: Tensor, name: string): Tensor {
  const bias = parameters(`${name}.bias`);
  const adapter = parameters.adapter?.(`${name}.weight`);
  if (adapter === undefined) return dense(x, parameters(`${name}.weight`), bias);
  const added = project(project(x, adapter.a), adapter.b); // (rows, out)
  return tf.add(dense(x, adapter.weight, bias), tf.mul(added, adapter.scale));
}

/** x (rows, in) · weightᵀ, weight (out, in). */
const project = (x: Tensor, weight: Tensor): Tensor =>
  withGradient([x, weight], (x, weight) => ({
    value: matMul(x!, weight!, false, true),
    saved: [x!, weight!],
    backward: (dy, [x, weight]) => [matMul(dy, weight!), matMul(dy, x!, true, false)],
  }));
