/**
 * Gradient accumulation: one step out of several batches. All but the last batch run a function whose update is
 * `accumulate`; the last one's takes `accumulated` as its gradients (so that the clipping sees their sum), and `reset` after
 * the optimizer. The loss of each is sum(loss · weight) over the weights of *all* the step's batches, so that the sum of the
 * gradients is that of one large batch.
 *
 * A boundary falls between steps only, where the accumulators are zero: no checkpoint holds them. A new program begins with zeros.
 */
import type { NodeRef } from '../compile/graph.js';
import type { UpdateContext } from '../compile/program.js';
import { tf, type Tensor } from '../tensorflow.js';
import { after, assign, float, T } from './nodes.js';

/** The variable that holds the sum so far of a tensor's gradient. */
export const accumulatorOf = (name: string) => `accumulated/${name}`;

/** Adds a batch's gradients to the accumulators; the last node of each. */
export const accumulate = (context: UpdateContext, gradients: ReadonlyMap<string, Tensor>): NodeRef[] =>
  [...gradients].map(([name, gradient]) =>
    context.graph.add('AssignAddVariableOp', [context.handle(accumulatorOf(name)), context.ref(gradient)], {
      dtype: T,
    }),
  );

/** While tracing: the sums so far with the last batch's gradients added. */
export const accumulated = (
  gradients: ReadonlyMap<string, Tensor>,
  variables: (name: string) => Tensor,
): ReadonlyMap<string, Tensor> =>
  new Map([...gradients].map(([name, gradient]) => [name, tf.add(variables(accumulatorOf(name)), gradient)]));

/** Zeroes a tensor's accumulator once the optimizer's update, whose last node is `updated`, has used it. */
export const reset = (context: UpdateContext, name: string, gradient: Tensor, updated: NodeRef): NodeRef =>
  assign(context, accumulatorOf(name), float(context, 'ZerosLike', context.ref(gradient), after(updated)));
