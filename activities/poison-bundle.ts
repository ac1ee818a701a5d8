import { z } from 'zod';
import type { Job } from '../job/schema.js';
import type { CheckpointRef, Fingerprint, FreezePlan, Observation, TrainingContext } from '../workflows/contract.js';

/** What was written by us is read by us: the parts that were checked before are taken as they are. */
const asWritten = <T>() => z.custom<T>((value) => typeof value === 'object' && value !== null);

/** `runs/<run>/poison/<step>/bundle.json`: all that a step is a function of that ended its engine again and again. */
export const poisonBundleSchema = z.object({
  format: z.literal('temper-poison/1'),
  run: z.string(),
  step: z.number().int().positive(),
  /** Whole epochs before it, and batches of its epoch before it. */
  epoch: z.number().int().nonnegative(),
  cursor: z.number().int().nonnegative(),
  /** Rows of the training split, of each micro-batch. */
  rows: z.array(z.array(z.number().int().nonnegative())),
  seed: z.number(),
  /** The state before the step, or before steps that lead to it. */
  checkpoint: asWritten<CheckpointRef>(),
  observations: z.array(asWritten<Observation>()),
  context: asWritten<TrainingContext>(),
  /** Of an adjusted run: what counts in place of the job's. */
  adjusted: asWritten<Pick<Job['train'], 'learningRate' | 'epochs'>>().optional(),
  plan: asWritten<FreezePlan>(),
  /** Of the host of the last death. */
  fingerprint: asWritten<Fingerprint>(),
  deaths: z.array(z.object({ step: z.number(), host: z.string(), how: z.string() })),
  /** The last lines of the last engine's stderr. */
  said: z.array(z.string()),
});

export type PoisonBundle = z.infer<typeof poisonBundleSchema>;
