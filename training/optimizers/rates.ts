import type { NodeRef } from '../compile/graph.js';
import type { UpdateContext } from '../compile/program.js';
import type { Tensor } from '../tensorflow.js';
import { float, once, scalar } from './nodes.js';

/** Node of `learningRate` (scalar) times a tensor's factor: one per distinct factor, the input itself for 1. */
export function rateNode(context: UpdateContext, learningRate: Tensor, factor: number): NodeRef {
  const rate = context.ref(learningRate);
  if (factor === 1) return rate;
  return once(context, `rate ${rate} ${factor}`, () => float(context, 'Mul', rate, scalar(context, factor)));
}
