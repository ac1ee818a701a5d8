/**
 * AdamW (Loshchilov & Hutter, 2019) with PyTorch's meaning of every number.
 *
 * State: `adamw.m/<name>` and `adamw.v/<name>` per trained tensor. The powers of the betas are a function of the step and
 * are fed to it, so no accumulator can be lost or forgotten (tfjs's own Adam forgets them on save).
 *
 * TensorFlow has no AdamW op. The decay is an assignment before ResourceApplyAdam; and since that op adds epsilon to
 * sqrt(v) before the bias correction and PyTorch after it, it is fed epsilon · sqrt(1 - beta2^t).
 */
import type { Traced, UpdateContext } from '../compile/program.js';
import { binding, tf, type Tensor } from '../tensorflow.js';
import { typeAttribute } from '../compile/attributes.js';
import { halfSquaredNorm } from '../ops/direct.js';

export interface AdamWSettings {
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  readonly weightDecay: number;
  /** Limit of the global gradient norm; null: none. */
  readonly clipNorm: number | null;
}

/** Fed once per step. */
export const adamWInputs = {
  learningRate: { shape: [], dtype: 'float32' },
  beta1Power: { shape: [], dtype: 'float32' },
  beta2Power: { shape: [], dtype: 'float32' },
  stepEpsilon: { shape: [], dtype: 'float32' },
} as const;

export const firstMoment = (name: string) => `adamw.m/${name}`;
export const secondMoment = (name: string) => `adamw.v/${name}`;
export const slotsOf = (name: string) => [firstMoment(name), secondMoment(name)];

/** No decay on biases and LayerNorm, the convention since BERT. */
export const decays = (name: string) => !/(^|\.)bias$|LayerNorm\./.test(name);

/**
 * What every step is fed: `feeds(step, rate)`, where step 1 is the first. beta^step comes by repeated products, which give the
 * same bits on every host and in every version of Node; pow() does not promise that. Counts on from the last step asked for.
 */
export function adamWFeeds({
  beta1,
  beta2,
  epsilon,
}: AdamWSettings): (step: number, rate: number) => Record<string, Float32Array> {
  let powers = { step: 0, beta1Power: 1, beta2Power: 1 };
  return (step, rate) => {
    if (step < powers.step) powers = { step: 0, beta1Power: 1, beta2Power: 1 };
    for (; powers.step < step; powers.step++) {
      powers.beta1Power *= beta1;
      powers.beta2Power *= beta2;
    }
    return {
      learningRate: Float32Array.of(rate),
      beta1Power: Float32Array.of(powers.beta1Power),
      beta2Power: Float32Array.of(powers.beta2Power),
      stepEpsilon: Float32Array.of(epsilon * Math.sqrt(1 - powers.beta2Power)),
    };
  };
}

/** Gradients scaled to at most the limit, and the norm before (PyTorch's clip_grad_norm_). */
export function clipByGlobalNorm(
  gradients: readonly Tensor[],
  limit: number | null,
): { gradients: readonly Tensor[]; norm: Tensor } {
  const norm = tf.sqrt(tf.mul(tf.addN(gradients.map(halfSquaredNorm)), 2));
  if (limit === null) return { gradients, norm };
  const scale = tf.minimum(tf.div(limit, tf.add(norm, 1e-6)), 1);
  return { gradients: gradients.map((gradient) => tf.mul(gradient, scale)), norm };
}

/** Adds the fused update of every tensor to the graph. */
export const adamWUpdate =
  (
    settings: AdamWSettings,
    inputs: Record<keyof typeof adamWInputs, Tensor>,
    gradients: ReadonlyMap<string, Tensor>,
  ): NonNullable<Traced['update']> =>
  ({ graph, handle, ref }: UpdateContext) => {
    const T = typeAttribute(binding.TF_FLOAT);
    const [beta1, beta2] = [graph.scalar(settings.beta1), graph.scalar(settings.beta2)];
    const rate = ref(inputs.learningRate);
    const keep = graph.add(
      'Sub',
      [graph.scalar(1), graph.add('Mul', [rate, graph.scalar(settings.weightDecay)], { T })],
      { T },
    );
    return [...gradients].map(([name, gradient]) => {
      const weight = handle(name);
      const hyper = [ref(inputs.beta1Power), ref(inputs.beta2Power), rate, beta1, beta2, ref(inputs.stepEpsilon)];
      const after: string[] = [];
      if (settings.weightDecay > 0 && decays(name)) {
        // The gradient is there, so whoever reads the weight for this step has read it.
        const read = graph.add('ReadVariableOp', [weight, `^${ref(gradient).replace(/:\d+$/, '')}`], { dtype: T });
        const decayed = graph.add('Mul', [read, keep], { T });
        after.push(`^${graph.add('AssignVariableOp', [weight, decayed], { dtype: T })}`);
      }
      const slots = [handle(firstMoment(name)), handle(secondMoment(name))];
      return graph.add('ResourceApplyAdam', [weight, ...slots, ...hyper, ref(gradient), ...after], { T });
    });
  };
