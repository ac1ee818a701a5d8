import type { FunctionSpec } from './compile/program.js';
import type { ClassifierModel } from './model.js';
import { meanCrossEntropy } from './ops/cross-entropy.js';
import { sparseCrossEntropy } from './ops/direct.js';
import { dropoutMasks, noDropout } from './ops/dropout.js';
import { adamWInputs, adamWUpdate, clipByGlobalNorm, type AdamWSettings } from './optimizers/adamw.js';
import { tf, type Tensor } from './tensorflow.js';

export interface StepSettings extends AdamWSettings {
  readonly batchSize: number;
  readonly dropout: number;
}

const tokenInputs = (rows: number, length: number) =>
  ({
    ids: { shape: [rows, length], dtype: 'int32' },
    mask: { shape: [rows, length], dtype: 'float32' },
  }) as const;

/** One training step on batches padded to `length`: forward, loss, gradients, clipping, AdamW. Fetches loss and norm. */
export function trainFunction(
  model: ClassifierModel,
  trainable: readonly string[],
  settings: StepSettings,
  length: number,
): FunctionSpec {
  const rows = settings.batchSize;
  return {
    inputs: {
      ...tokenInputs(rows, length),
      labels: { shape: [rows], dtype: 'int32' },
      rowWeights: { shape: [rows], dtype: 'float32' },
      seed: { shape: [2], dtype: 'int32' },
      ...adamWInputs,
    },
    trace(inputs, variable) {
      const { loss, norm, gradients } = forwardBackward(model, trainable, settings, inputs, variable);
      const hyper = inputs as Record<keyof typeof adamWInputs, Tensor>;
      return { outputs: { loss, gradientNorm: norm }, update: adamWUpdate(settings, hyper, gradients) };
    },
  };
}

/** Loss of a batch, global gradient norm, and the clipped gradient of every trained tensor. */
export function forwardBackward(
  model: ClassifierModel,
  trainable: readonly string[],
  { dropout, clipNorm }: Pick<StepSettings, 'dropout' | 'clipNorm'>,
  inputs: Record<string, Tensor>,
  variable: (name: string) => Tensor,
): { loss: Tensor; norm: Tensor; gradients: ReadonlyMap<string, Tensor> } {
  const { ids, mask, labels, rowWeights, seed } = inputs;
  const loss = (...trained: Tensor[]) => {
    const byName = new Map(trainable.map((name, i) => [name, trained[i]!]));
    const parameters = (name: string) => byName.get(name) ?? variable(name);
    const logits = model.logits(parameters, { ids: ids!, mask: mask! }, dropoutMasks(dropout, seed!));
    return meanCrossEntropy(logits, labels!, rowWeights!) as never;
  };
  const { value, grads } = tf.valueAndGrads(loss)(trainable.map(variable));
  const clipped = clipByGlobalNorm(grads, clipNorm);
  return {
    loss: value,
    norm: clipped.norm,
    gradients: new Map(trainable.map((name, i) => [name, clipped.gradients[i]!])),
  };
}

/** Scores and losses of a batch padded to `length`, without dropout. */
export function evaluateFunction(model: ClassifierModel, rows: number, length: number): FunctionSpec {
  return {
    inputs: { ...tokenInputs(rows, length), labels: { shape: [rows], dtype: 'int32' } },
    trace({ ids, mask, labels }, variable) {
      const logits = model.logits(variable, { ids: ids!, mask: mask! }, noDropout);
      const [losses] = sparseCrossEntropy(logits, labels!);
      return { outputs: { logits, losses } };
    },
  };
}
