import type { FreezePlan, TrainingContext } from '../../workflows/contract.js';

/** All that a state is a function of, but for where in its run it is. */
export interface StateInput {
  readonly context: TrainingContext;
  readonly plan: FreezePlan;
}

/** Names the graph that an engine has built. */
export const graphOf = ({ context: { job, model, dataset, features, synonyms }, plan }: StateInput): string =>
  JSON.stringify([job, model.digest, dataset.digest, plan.digest, features?.digest ?? null, synonyms?.sha256 ?? null]);
