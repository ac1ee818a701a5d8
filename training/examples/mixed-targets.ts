import { drawMix, mixes, mixTargets, type Mix } from '../../data/augment/mix.js';
import type { AugmentPlan } from '../../data/augment/plan.js';
import type { FeedValues } from '../compile/program.js';
import { bitsOf, WHOLE_BATCH, type StepDraws } from './step-draws.js';

/** How this batch is mixed; null: the job mixes none. */
export const mixOf = ({ settings }: AugmentPlan, size: number, at: StepDraws): Mix | null =>
  mixes(settings) ? drawMix(settings, size, bitsOf(at, WHOLE_BATCH)) : null;

/** See mixTargets; the targets as they are where the job mixes none. */
export const mixedTargets = (
  targets: Record<string, FeedValues>,
  mix: Mix | null,
  rows: number,
  classes: number,
): Record<string, FeedValues> => (mix === null ? targets : mixTargets(targets, { rows, classes, share: mix.share }));
