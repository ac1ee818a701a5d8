import { ApplicationFailure } from '@temporalio/activity';
import type { EngineDied } from '../../engine/failure.js';
import { poisonKey } from '../../storage/layout.js';
import { untilReachable } from '../../storage/until-reachable.js';
import type {
  CheckpointRef,
  EngineDeath,
  FreezePlan,
  Observation,
  Suspect,
  TrainingContext,
} from '../../workflows/contract.js';
import { failureType } from '../../workflows/policies/failures.js';
import { poisonBundleSchema, type PoisonBundle } from '../poison-bundle.js';
import type { SessionDesk } from '../dependencies.js';

export interface FatalStep {
  readonly context: TrainingContext;
  readonly plan: FreezePlan;
  readonly suspect: Suspect;
  /** The newest checkpoint: the state before the step, or one before that. */
  readonly checkpoint: CheckpointRef | null;
  readonly observations: readonly Observation[];
  /** In place of what the job says, where the run was adjusted. */
  readonly adjusted: PoisonBundle['adjusted'];
}

/** Stores what the step is a function of, and what was heard of its deaths; the failure that ends the run. */
export async function poisoned(
  { store, host }: SessionDesk,
  { context, plan, suspect, checkpoint, observations, adjusted }: FatalStep,
  { message, during, said }: EngineDied,
  signal: AbortSignal,
): Promise<ApplicationFailure> {
  const { run, job } = context;
  const { step } = suspect;
  const deaths: EngineDeath[] = [...suspect.deaths, { step, host: host.host, how: message }];
  const bundle: PoisonBundle = poisonBundleSchema.parse({
    format: 'temper-poison/1',
    ...{ run, step, epoch: during?.epoch ?? 0, cursor: during?.cursor ?? 0, rows: during?.batches ?? [] },
    ...{ seed: job.seed, checkpoint, observations, context, plan, adjusted },
    ...{ fingerprint: host.fingerprint, deaths, said },
  });
  const key = poisonKey(run, step, 'bundle.json');
  const bytes = new TextEncoder().encode(`${JSON.stringify(bundle, null, 1)}\n`);
  await untilReachable(() => store.put(key, bytes, { signal }), { signal });
  const hosts = [...new Set(deaths.map((death) => death.host))];
  return ApplicationFailure.create({
    type: failureType.poison,
    nonRetryable: true,
    message:
      `step ${step} ends its engine: ${deaths.length} times in a row (on ${hosts.join(', ')}), the last time ${message}. ` +
      `What it is a function of is in ${key}: \`temper replay ${run}\` does the step again here.`,
  });
}
