import type { Adjustment, CheckpointRef, JobChanges } from '../../workflows/contract.js';
import { rate } from './units.js';

const names: Readonly<Record<keyof JobChanges, (value: number) => string>> = {
  learningRate: (value) => `learning rate ${rate(value)}`,
  epochs: (value) => `${value} epochs`,
  patience: (value) => `patience ${value}`,
  batchSize: (value) => `batch size ${value}`,
  checkpointMinutes: (value) => `a checkpoint after ${value} min`,
  checkpointSteps: (value) => `a checkpoint each ${value} steps`,
};

/** `from step 212: learning rate 5.00e-5, patience 3` */
export const adjustmentText = ({ fromStep, changes }: Adjustment): string =>
  `from step ${fromStep}: ${(Object.entries(changes) as [keyof JobChanges, number][])
    .map(([name, value]) => names[name](value))
    .join(', ')}`;

/** `checkpoint 12 (step 240) of glosses-1a2b3c4d` */
export const forkText = ({ run, sequence, step }: CheckpointRef): string =>
  `checkpoint ${sequence} (step ${step}) of ${run}`;
