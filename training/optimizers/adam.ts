/**
 * Adam (Kingma & Ba, 2015) with PyTorch's meaning of every number: weight decay is added to the gradient.
 *
 * State: `adam.m/<name>` and `adam.v/<name>` per trained tensor. The powers of the betas are a function of the step and are fed
 * to it, so no accumulator can be lost or forgotten (tfjs's own Adam forgets them on save).
 */
import type { NodeRef } from '../compile/graph.js';
import type { UpdateContext } from '../compile/program.js';
import type { Tensor } from '../tensorflow.js';
import { decayedGradient, float, scalar } from './nodes.js';
import type { Optimizer, Trained } from './optimizer.js';

export interface AdamSettings {
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
}

/** Fed once per step. */
export const momentInputs = {
  beta1Power: { shape: [], dtype: 'float32' },
  beta2Power: { shape: [], dtype: 'float32' },
  stepEpsilon: { shape: [], dtype: 'float32' },
} as const;

/**
 * What every step is fed, where step 1 is the first. beta^step comes by repeated products, which give the same bits on every
 * host and in every version of Node; pow() does not promise that. Counts on from the last step asked for.
 */
export function momentFeeds({ beta1, beta2, epsilon }: AdamSettings): (step: number) => Record<string, Float32Array> {
  let powers = { step: 0, beta1Power: 1, beta2Power: 1 };
  return (step) => {
    if (step < powers.step) powers = { step: 0, beta1Power: 1, beta2Power: 1 };
    for (; powers.step < step; powers.step++) {
      powers.beta1Power *= beta1;
      powers.beta2Power *= beta2;
    }
    return {
      beta1Power: Float32Array.of(powers.beta1Power),
      beta2Power: Float32Array.of(powers.beta2Power),
      stepEpsilon: Float32Array.of(epsilon * Math.sqrt(1 - powers.beta2Power)),
    };
  };
}

/**
 * The fused update. ResourceApplyAdam adds epsilon to sqrt(v) before the bias correction and PyTorch after it: it is fed
 * epsilon · sqrt(1 - beta2^t).
 */
export function applyAdam(
  context: UpdateContext,
  settings: AdamSettings,
  { name, rate }: Trained,
  slots: readonly string[],
  inputs: Readonly<Record<string, Tensor>>,
  gradient: NodeRef,
  order: readonly NodeRef[] = [],
): NodeRef {
  const { handle, ref } = context;
  const betas = [scalar(context, settings.beta1), scalar(context, settings.beta2)];
  const powers = [ref(inputs['beta1Power']!), ref(inputs['beta2Power']!)];
  const hyper = [...powers, rate, ...betas, ref(inputs['stepEpsilon']!)];
  return float(context, 'ResourceApplyAdam', handle(name), ...slots.map(handle), ...hyper, gradient, ...order);
}

export function adam(settings: AdamSettings): Optimizer {
  const slotsOf = (name: string) => [`adam.m/${name}`, `adam.v/${name}`];
  return {
    slots: (name, shape) => new Map(slotsOf(name).map((slot) => [slot, shape])),
    inputs: momentInputs,
    feeds: momentFeeds(settings),
    update: (context, trained, inputs) =>
      applyAdam(context, settings, trained, slotsOf(trained.name), inputs, decayedGradient(context, trained)),
  };
}
