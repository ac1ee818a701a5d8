/**
 * RMSprop (Tieleman & Hinton, 2012) as torch.optim.RMSprop has it: epsilon outside the square root and the rate outside the
 * momentum buffer, which TensorFlow's own ResourceApplyRMSProp has inside.
 *
 * State: `rmsprop.v/<name>` per trained tensor, with momentum also `rmsprop.momentum/<name>`.
 */
import { after, assign, boolAttribute, decayedGradient, descend, float, read, scalar, T } from './nodes.js';
import type { Optimizer } from './optimizer.js';

export interface RmspropSettings {
  /** Decay of the mean of squares: PyTorch's alpha. */
  readonly beta2: number;
  readonly epsilon: number;
  readonly momentum: number;
}

export function rmsprop({ beta2, epsilon, momentum }: RmspropSettings): Optimizer {
  const squares = (name: string) => `rmsprop.v/${name}`;
  const buffer = (name: string) => `rmsprop.momentum/${name}`;
  return {
    slots: (name, shape) =>
      new Map([squares(name), ...(momentum === 0 ? [] : [buffer(name)])].map((slot) => [slot, shape])),
    inputs: {},
    feeds: () => ({}),
    update(context, trained) {
      const { name, rate } = trained;
      const gradient = decayedGradient(context, trained);
      const kept = float(context, 'Mul', read(context, squares(name)), scalar(context, beta2));
      const fresh = float(context, 'Mul', float(context, 'Square', gradient), scalar(context, 1 - beta2));
      const mean = float(context, 'AddV2', kept, fresh);
      const stored = after(assign(context, squares(name), mean));
      const spread = float(context, 'AddV2', float(context, 'Sqrt', mean), scalar(context, epsilon));
      const scaled = float(context, 'RealDiv', gradient, spread);
      if (momentum === 0) return descend(context, name, rate, scaled, stored);
      return context.graph.add(
        'ResourceApplyMomentum',
        [context.handle(name), context.handle(buffer(name)), rate, scaled, scalar(context, momentum), stored],
        { T, use_nesterov: boolAttribute(false) },
      );
    },
  };
}
