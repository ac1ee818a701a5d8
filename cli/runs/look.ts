import type { Client } from '@temporalio/client';
import type { RunStatus, TrainProgress } from '../../workflows/contract.js';
import { statusQuery } from '../../workflows/handlers.js';
import { heartbeatOf } from './progress.js';
import { isAway } from './temporal-failure.js';
import { describe, workflowState, type WorkflowState } from './workflow-state.js';

/** Everything that can be seen of a run from outside, at one moment. What does not answer now is shown as it was last. */
export interface Look {
  readonly run: string;
  readonly workflow: WorkflowState | null;
  readonly status: RunStatus | null;
  /** What the device says it is doing; null while the run holds none. */
  readonly progress: TrainProgress | null;
  /** The last word on training itself, kept while the device saves or validates in between. */
  readonly training: TrainProgress | null;
  /** Newest heartbeat and when it was first seen, by our clock. */
  readonly heartbeat: { readonly mark: string; readonly seenAtMs: number } | null;
  readonly temporalAnswers: boolean;
  readonly workerAnswers: boolean;
}

const DESCRIBE_WITHIN_MS = 5_000;
const QUERY_WITHIN_MS = 3_000;

export const unseen = (run: string): Look => ({
  run,
  workflow: null,
  status: null,
  progress: null,
  training: null,
  heartbeat: null,
  temporalAnswers: true,
  workerAnswers: true,
});

/** Looks again. @throws CliError when there is no such run. */
export async function lookAt(client: Client, before: Look): Promise<Look> {
  const [described, status] = await Promise.all([describeSoon(client, before.run), askStatus(client, before.run)]);
  if (described === null) return { ...before, temporalAnswers: false };
  const heard = heartbeatOf(described.raw.pendingActivities ?? []);
  const same = heard !== null && before.heartbeat?.mark === heard.mark;
  return {
    run: before.run,
    workflow: workflowState(described),
    status: status ?? before.status,
    progress: heard?.progress ?? null,
    training: heard?.progress?.stage === 'training' ? heard.progress : heard && before.training,
    heartbeat: heard && (same ? before.heartbeat : { mark: heard.mark, seenAtMs: Date.now() }),
    temporalAnswers: true,
    workerAnswers: status !== null,
  };
}

async function describeSoon(client: Client, run: string) {
  try {
    return await client.withDeadline(Date.now() + DESCRIBE_WITHIN_MS, () => describe(client, run));
  } catch (error) {
    if (isAway(error)) return null;
    throw error;
  }
}

/** The run's own word, also of a finished run; null when no worker answers in time. */
export async function askStatus(client: Client, run: string, withinMs = QUERY_WITHIN_MS): Promise<RunStatus | null> {
  const handle = client.workflow.getHandle(run);
  try {
    return await client.withDeadline(Date.now() + withinMs, () => handle.query(statusQuery));
  } catch {
    return null; // no worker, or one that cannot replay the run: there is nothing to show either way
  }
}
