import type { Job } from '../job/schema.js';
import type { Phase } from '../models/freeze.js';
import type { Examples } from './examples/examples.js';
import type { Model } from './model.js';
import { evaluatedOutputs, objectiveFor } from './objectives/index.js';
import { ratePlan } from './optimizers/groups.js';
import { optimizerFor } from './optimizers/index.js';
import { Trainer } from './trainer.js';

export interface TrainerInput {
  readonly job: Job;
  readonly model: Model;
  /** Numbers that the head gives (models/families/labels.ts). */
  readonly outputs: number;
  /** Of the numbers to predict; 1 where none are. */
  readonly deviation?: number | undefined;
  /** None: nothing trains. */
  readonly phases: readonly Phase[];
  /** How the base falls into blocks, for rates by depth. */
  readonly blocks: number;
  readonly blockOf: (name: string) => number;
  /** Names of all tensors that a rate group may mean, where the model is only a part of them. */
  readonly named?: Model['tensors'];
  /** What a row of each class weighs in training; left out: 1. */
  readonly classWeights?: Float32Array | null;
  readonly trainOn: readonly Examples[];
  readonly evaluateOn: readonly Examples[];
}

/** The trainer that a job describes: its objective, optimizer, rates and precision over a model. */
export function trainerFor({
  job,
  model,
  outputs,
  deviation,
  phases,
  blocks,
  blockOf,
  named,
  classWeights = null,
  ...sets
}: TrainerInput): Trainer {
  const placed = (named ?? model.tensors).map(({ name, shape }) => ({ name, shape, block: blockOf(name) }));
  const { batchSize, accumulate, dropout, clipNorm, precision, gradientCheckpointing, ema = null } = job.train;
  return new Trainer({
    model,
    objective: objectiveFor(job, outputs, deviation),
    evaluated: (fetched) => evaluatedOutputs(job, fetched),
    optimizer: optimizerFor(job.train),
    rates: ratePlan(job.train, placed, blocks),
    settings: { batchSize, accumulate, dropout, clipNorm, precision, gradientCheckpointing, ema },
    phases,
    classWeights,
    ...sets,
  });
}
