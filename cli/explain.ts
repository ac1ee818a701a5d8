import type { Client } from '@temporalio/client';
import { Command } from 'commander';
import { listCheckpoints } from '../storage/checkpoint/list.js';
import type {
  Adjustment,
  CheckpointRef,
  EarlierSessions,
  FeaturesRef,
  Firing,
  FreezePlan,
  RunId,
  SessionRecord,
} from '../workflows/contract.js';
import { CliError, exitCode } from '../infra/errors.js';
import { featuresText } from './render/features.js';
import { costByCause } from './render/cost-by-cause.js';
import { costOf, renderExplained, renderOrigins } from './render/explained.js';
import { renderLineage } from './render/schedules.js';
import { keptOf } from './render/sessions.js';
import { endWhenReachable } from './runs/ending.js';
import { askStatus } from './runs/look.js';
import { runArgument } from './runs/run-argument.js';
import { withRuns } from './runs/with-runs.js';
import { withStore } from './services.js';
import { describeRun } from './runs/workflow-state.js';

const help = `
Every device session of the run: when and where it was opened and why, which checkpoint it went on from and why that one,
how many steps were done again, and what it cost, also by cause. Before them: what the run was forked from, what was adjusted from
which step on, and checkpoints that were set aside. A run keeps the last 50 sessions; those before are in the sums.

Examples:
  $ temper explain glosses-1a2b3c4d
  $ temper explain glosses-1a2b3c4d --json | jq .cost`;

const ANSWER_WITHIN_MS = 15_000;

export const explain = (): Command =>
  new Command('explain')
    .description('Tell what happened to a run, and what it cost')
    .addArgument(runArgument())
    .option('--json', 'one JSON object', false)
    .addHelpText('after', help)
    .action((run: string, { json }: { json: boolean }) =>
      withRuns(async (client) => {
        const {
          message,
          sessions,
          earlierSessions = null,
          plan,
          features: cached,
          adjustments = [],
          fork = null,
          firing,
        } = await told(client, run);
        const kept = keptOf({ sessions, earlierSessions });
        const lineage = { fork, adjustments, quarantined: await quarantined(run) };
        const features = featuresText(plan, cached);
        if (json)
          console.log(
            JSON.stringify({
              run,
              firing,
              sessions,
              earlierSessions,
              cost: costOf(kept),
              causes: costByCause(kept),
              features,
              ...lineage,
            }),
          );
        else
          console.log(
            [
              ...(firing ? [renderLineage(run, firing), ''] : []),
              ...renderOrigins(run, lineage),
              ...renderExplained(run, kept),
              ...(features ? [`Features of the frozen base: ${features}.`] : []),
              ...(message ? [message] : []),
            ].join('\n'),
          );
      }),
    );

interface Told {
  readonly message: string | null;
  readonly firing: Firing | null;
  readonly sessions: readonly SessionRecord[];
  readonly earlierSessions?: EarlierSessions;
  readonly plan?: FreezePlan | null;
  readonly features?: FeaturesRef | null;
  readonly adjustments?: readonly Adjustment[];
  readonly fork?: CheckpointRef | null;
}

/** Checkpoints that did not verify: those that nobody went on from are in no session. */
async function quarantined(run: string) {
  const listed = await withStore((store) => listCheckpoints(store, run as RunId)).catch((error: unknown) => {
    if (error instanceof CliError && error.code === exitCode.unreachable) return null;
    throw error;
  });
  if (listed === null) return null;
  return listed.flatMap((each) => ('reason' in each ? [{ sequence: each.sequence, reason: each.reason }] : []));
}

/** A finished run tells by its result, any other by its workers. */
async function told(client: Client, run: string): Promise<Told> {
  const { state, firing } = await describeRun(client, run);
  const end = state === 'running' ? null : await endWhenReachable(client, run);
  if (end?.result) return { ...end.result, message: end.message, firing };
  const { worker, status } = await askStatus(client, run, ANSWER_WITHIN_MS);
  if (status) return { ...status, message: end?.message ?? null, firing };
  const why =
    worker === 'stuck'
      ? `The workflow of ${run} fails in the hands of its worker, whose log says why`
      : `No worker answers for ${run}: start workers with \`temper up\` or \`temper worker\``;
  throw new CliError(`${why}. Only a run that is done can be explained without one.`, exitCode.unreachable);
}
