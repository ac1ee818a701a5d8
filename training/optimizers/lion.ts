/**
 * Lion (Chen et al., 2023, algorithm 2): a step of the rate's size along the sign of the interpolated momentum, decay apart from
 * the gradient. It wants a rate 3 to 10 times below AdamW's and a decay as much above; the paper's beta2 is 0.99.
 *
 * State: `lion.m/<name>` per trained tensor. beta · m + (1 - beta) · g is written m - (1 - beta) · (m - g): the difference is
 * taken once for both betas.
 */
import { after, decayWeight, descend, float, read, scalar } from './nodes.js';
import type { Optimizer } from './optimizer.js';

export interface LionSettings {
  readonly beta1: number;
  readonly beta2: number;
}

export function lion({ beta1, beta2 }: LionSettings): Optimizer {
  const momentum = (name: string) => `lion.m/${name}`;
  return {
    slots: (name, shape) => new Map([[momentum(name), shape]]),
    inputs: {},
    feeds: () => ({}),
    update(context, trained) {
      const { name, rate } = trained;
      const decayed = decayWeight(context, trained);
      const m = read(context, momentum(name));
      const away = float(context, 'Sub', m, context.ref(trained.gradient));
      const ahead = float(context, 'Sub', m, float(context, 'Mul', away, scalar(context, 1 - beta1)));
      // After `ahead`: nobody holds the old momentum any more, so that it is updated in place.
      const stored = descend(context, momentum(name), scalar(context, 1 - beta2), away, after(ahead));
      return descend(context, name, rate, float(context, 'Sign', ahead), ...decayed, after(stored));
    },
  };
}
