/**
 * Stochastic gradient descent with momentum (Polyak, 1964) or Nesterov's (Sutskever et al., 2013), as torch.optim.SGD has it:
 * buffer = momentum · buffer + gradient, with the decay in the gradient and the rate outside the buffer.
 *
 * State: `sgd.momentum/<name>` per trained tensor; none without momentum.
 */
import { boolAttribute, decayedGradient, descend, scalar, T } from './nodes.js';
import type { Optimizer } from './optimizer.js';

export interface SgdSettings {
  readonly momentum: number;
  readonly nesterov: boolean;
}

export function sgd({ momentum, nesterov }: SgdSettings): Optimizer {
  const buffer = (name: string) => `sgd.momentum/${name}`;
  return {
    slots: (name, shape) => new Map(momentum === 0 ? [] : [[buffer(name), shape]]),
    inputs: {},
    feeds: () => ({}),
    update(context, trained) {
      const { name, rate } = trained;
      const gradient = decayedGradient(context, trained);
      if (momentum === 0) return descend(context, name, rate, gradient);
      return context.graph.add(
        'ResourceApplyMomentum',
        [context.handle(name), context.handle(buffer(name)), rate, gradient, scalar(context, momentum)],
        { T, use_nesterov: boolAttribute(nesterov) },
      );
    },
  };
}
