import { tf, type Tensor } from '../tensorflow.js';

type Order = (tensor: Tensor, before: Tensor) => Tensor;

let recorded: Order | undefined;

/** `tensor` itself, but not before `before` has been computed. Run op by op, everything is in order anyway. */
export const after: Order = (tensor, before) => (recorded ?? tf.clone)(tensor, before);

/** Lets after() speak to the recording that runs `body`. */
export function orderedBy<Result>(order: Order, body: () => Result): Result {
  const outer = recorded;
  recorded = order;
  try {
    return body();
  } finally {
    recorded = outer;
  }
}
