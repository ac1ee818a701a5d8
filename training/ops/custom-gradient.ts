import { currentScope, inScope } from '../compile/scope.js';
import { tf, type Tensor } from '../tensorflow.js';

type Backward = (dy: Tensor, saved: Tensor[]) => Tensor[];

/**
 * A differentiable function whose gradient is written by hand: `forward` returns its value, what the gradient needs, and
 * the gradient itself, one tensor per input. Tidier than tf.customGrad, whose save function comes as the last input.
 */
export function withGradient(
  inputs: Tensor[],
  forward: (...inputs: Tensor[]) => { value: Tensor; saved: Tensor[]; backward: Backward },
): Tensor {
  return tf.customGrad((...args: unknown[]) => {
    const save = args.pop() as (tensors: Tensor[]) => void;
    const { value, saved, backward } = forward(...(args as Tensor[]));
    save(saved);
    const scope = currentScope(); // the gradient is traced later, and belongs here
    return { value, gradFunc: (dy: Tensor, kept: Tensor[]) => inScope(scope, () => backward(dy, kept)) };
  })(...inputs);
}
