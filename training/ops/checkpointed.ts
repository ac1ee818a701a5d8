import { after } from '../compile/order.js';
import { currentScope, inScope } from '../compile/scope.js';
import { tf, type Tensor } from '../tensorflow.js';
import { recordSites, replaySites } from './dropout-sites.js';

/**
 * A block that keeps nothing inside of it for the backward pass but its inputs, and is computed again there (Chen et al., 2016,
 * "Training Deep Nets with Sublinear Memory Cost"): the memory of one block at a time, for one more forward pass.
 *
 * `block` is a function of float32 inputs, each of which its result must depend on: everything that needs a gradient, the layer's
 * weights too, is one of them. What else it sees (ids, a padding mask) it may close over. It is traced twice: dropout inside of it
 * draws the same masks again; a statistic that it writes would be written twice.
 */
export const checkpointed =
  (block: (...inputs: Tensor[]) => Tensor) =>
  (...inputs: Tensor[]): Tensor =>
    tf.customGrad((...args: unknown[]) => {
      const save = args.pop() as (tensors: Tensor[]) => void;
      save(args as Tensor[]);
      const scope = currentScope();
      const { result: value, sites } = recordSites(() => block(...(args as Tensor[])));
      return {
        value,
        gradFunc: (dy: Tensor, kept: Tensor[]) => {
          // Not before dy is there: else TensorFlow would keep what it computed forward, for it sees that it is the same.
          const again = kept.map((input) => after(input, dy));
          const rerun = (...recomputed: Tensor[]) =>
            inScope(scope, () => replaySites(sites, () => block(...recomputed)));
          return onTapeOfItsOwn(() => tf.grads(rerun)(again, dy));
        },
      };
    })(...inputs);

/** Parts of tfjs's engine that its types do not show. */
interface Scopes {
  readonly state: { readonly activeScope: { readonly track: readonly Tensor[] } | null };
  track(tensor: Tensor): void;
}

/**
 * Keeps every tensor that the present tidy has made so far, for blocks close over some (a padding mask) and tfjs disposes of them
 * when the forward pass is done, before a block is computed again. The result gives them back to whatever tidy is then the present one.
 */
export function keepMade(): () => void {
  const scopes = tf.engine() as unknown as Scopes;
  const made = (scopes.state.activeScope?.track ?? [])
    .filter((tensor) => !tensor.kept)
    .map((tensor) => tf.keep(tensor));
  return () => {
    for (const tensor of made) {
      tensor.kept = false;
      scopes.track(tensor);
    }
  };
}

/** tfjs has one tape, and forgets it when the gradients inside of a gradient are done. */
function onTapeOfItsOwn<Result>(body: () => Result): Result {
  const state = (tf.engine() as unknown as { state: { activeTape: unknown } }).state;
  const outer = state.activeTape;
  try {
    return body();
  } finally {
    state.activeTape = outer;
  }
}
