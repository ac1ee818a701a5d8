import { drawMix, mixes, mixTargets, type Mix } from '../../data/augment/mix.js';
import type { AugmentPlan } from '../../data/augment/plan.js';
import type { FeedValues } from '../compile/program.js';
import type { GatherAt } from './examples.js';
import { batchBitsOf } from './row-draws.js';

/** How this batch is mixed, `size` of images; null: the job mixes none. */
export const mixOf = ({ settings }: AugmentPlan, size: number, at: GatherAt, examples: Int32Array): Mix | null =>
  mixes(settings) ? drawMix(settings, size, batchBitsOf(at, examples)) : null;

/** See mixTargets; the targets as they are where the job mixes none. */
export const mixedTargets = (
  targets: Record<string, FeedValues>,
  mix: Mix | null,
  rows: number,
  classes: number,
): Record<string, FeedValues> => (mix === null ? targets : mixTargets(targets, { rows, classes, share: mix.share }));
