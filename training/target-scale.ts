/**
 * Numbers to predict are learnt as standard scores: a model that begins near 0 would have to travel all the way to an income of
 * 5,000, and one clipped step moves it by next to nothing. Scaling and its inverse are constants of the graph: metrics are in the
 * column's own units, and the published head has them folded in, or config.json states them.
 */
import { z } from 'zod';
import type { DatasetManifest } from '../data/manifest.js';
import { ModelError } from '../models/model-error.js';
import type { Model } from './model.js';
import { tf } from './tensorflow.js';

export interface TargetScale {
  readonly mean: number;
  /** Above 0. */
  readonly deviation: number;
}

/** Mean and deviation of the training rows; null where no number is predicted. */
export function targetScaleOf(dataset: DatasetManifest): TargetScale | null {
  if (dataset.kind !== 'features' || dataset.values === null) return null;
  const { mean, deviation } = dataset.values.train;
  return { mean, deviation: deviation > 0 ? deviation : 1 };
}

/** The model whose head gives standard scores, as one that gives values: outputs (rows, 1) times deviation plus mean. */
export const givingValues = (model: Model, { mean, deviation }: TargetScale): Model => ({
  ...model,
  outputs: (...given) => tf.add(tf.mul(model.outputs(...given), deviation), mean),
});

/** Key of a published config.json whose outputs are standard scores still: those of a model whose head is the user's own code. */
export const SCALE_KEY = 'target_scale';
const statedSchema = z.object({ mean: z.number(), deviation: z.number().positive() });

/** @throws ModelError where the key is there and says something else. */
export function statedScale(configJson: Readonly<Record<string, unknown>>): TargetScale | null {
  const said = configJson[SCALE_KEY];
  if (said === undefined) return null;
  const parsed = statedSchema.safeParse(said);
  if (parsed.success) return parsed.data;
  throw new ModelError(
    `config.json: ${SCALE_KEY}: expected { mean, deviation }, found ${JSON.stringify(said)}: publish the model again`,
  );
}

const HEAD = { weight: 'head.weight', bias: 'head.bias' } as const;

/** Reads tensors of the model that gives the same values by its linear head alone. */
export const folded =
  (read: (name: string) => Float32Array, { mean, deviation }: TargetScale) =>
  (name: string): Float32Array => {
    if (name === HEAD.weight) return read(name).map((value) => value * deviation);
    return name === HEAD.bias ? read(name).map((value) => value * deviation + mean) : read(name);
  };
