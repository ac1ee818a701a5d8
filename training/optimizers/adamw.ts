/**
 * AdamW (Loshchilov & Hutter, 2019) with PyTorch's meaning of every number.
 *
 * State: `adamw.m/<name>` and `adamw.v/<name>` per trained tensor; see adam.ts. TensorFlow has no AdamW op: the decay is an
 * assignment before ResourceApplyAdam.
 */
import type { Traced, UpdateContext } from '../compile/program.js';
import type { Tensor } from '../tensorflow.js';
import { applyAdam, momentFeeds, momentInputs, type AdamSettings } from './adam.js';
import { decayWeight } from './nodes.js';
import type { Optimizer } from './optimizer.js';

export const slotsOf = (name: string) => [`adamw.m/${name}`, `adamw.v/${name}`];

export function adamW(settings: AdamSettings): Optimizer {
  return {
    slots: (name, shape) => new Map(slotsOf(name).map((slot) => [slot, shape])),
    inputs: momentInputs,
    feeds: momentFeeds(settings),
    update(context, trained, inputs) {
      const decayed = decayWeight(context, trained);
      const gradient = context.ref(trained.gradient);
      return applyAdam(context, settings, trained, slotsOf(trained.name), inputs, gradient, decayed);
    },
  };
}

export { clipByGlobalNorm } from './clip.js';

export interface AdamWSettings extends AdamSettings {
  readonly weightDecay: number;
  /** Limit of the global gradient norm; null: none. */
  readonly clipNorm: number | null;
}

/** Fed once per step. */
export const adamWInputs = { learningRate: { shape: [], dtype: 'float32' }, ...momentInputs } as const;

/** No decay on biases and LayerNorm, the convention since BERT. */
export const decays = (name: string) => !/(^|\.)bias$|LayerNorm\./.test(name);

/** What every step is fed: `feeds(step, rate)`, where step 1 is the first. */
export function adamWFeeds(settings: AdamWSettings): (step: number, rate: number) => Record<string, Float32Array> {
  const moments = momentFeeds(settings);
  return (step, rate) => ({ learningRate: Float32Array.of(rate), ...moments(step) });
}

/** Adds the fused update of every tensor to the graph. */
export const adamWUpdate =
  (
    settings: AdamWSettings,
    inputs: Record<keyof typeof adamWInputs, Tensor>,
    gradients: ReadonlyMap<string, Tensor>,
  ): NonNullable<Traced['update']> =>
  (context: UpdateContext) => {
    const { update } = adamW(settings);
    return [...gradients].map(([name, gradient]) => {
      const weightDecay = decays(name) ? settings.weightDecay : 0;
      const trained = { name, shape: gradient.shape, gradient, rate: context.ref(inputs.learningRate), weightDecay };
      return update(context, trained, inputs);
    });
  };
