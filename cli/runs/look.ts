import type { Client } from '@temporalio/client';
import type { RunStatus, TrainProgress } from '../../workflows/contract.js';
import { preparationOf, statusQuery } from '../../workflows/handlers.js';
import { freeHostsFor, type FreeHosts } from './free-hosts.js';
import { lookAtPreparation, type PreparationLook } from './look-at-preparation.js';
import { heartbeatOf } from './progress.js';
import { isAway, isStuck } from './temporal-failure.js';
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
  /** While its data are prepared by a workflow of their own. */
  readonly preparation: PreparationLook | null;
  /** While it waits for a device. */
  readonly freeHosts: FreeHosts | null;
  /** Newest heartbeat and when it was first seen, by our clock. */
  readonly heartbeat: { readonly mark: string; readonly seenAtMs: number } | null;
  readonly temporalAnswers: boolean;
  readonly worker: Told['worker'];
  /** What the run last told was asked for then, at that place of its history. */
  readonly asked: { readonly at: string; readonly atMs: number };
  readonly lookedAtMs: number;
}

const DESCRIBE_WITHIN_MS = 5_000;
const QUERY_WITHIN_MS = 3_000;
/** A run whose history stands still is asked all the same, to see whether a worker is there to answer. */
const ASKED_EVERY_MS = 10_000;

export const unseen = (run: string): Look => ({
  run,
  workflow: null,
  status: null,
  progress: null,
  training: null,
  preparation: null,
  freeHosts: null,
  heartbeat: null,
  temporalAnswers: true,
  worker: 'answers',
  asked: { at: '', atMs: -Infinity },
  lookedAtMs: 0,
});

/** Looks again. @throws CliError when there is no such run. */
export async function lookAt(client: Client, before: Look): Promise<Look> {
  const described = await describeSoon(client, before.run);
  if (described === null) return { ...before, temporalAnswers: false, lookedAtMs: Date.now() };
  const { told, asked } = await tellingOf(client, before, `${described.runId} ${described.historyLength}`);
  const lookedAtMs = Date.now();
  const preparing = told.status?.stage === 'preprocess';
  const workflow = workflowState(described);
  const status = told.status ?? before.status;
  // One that was terminated says for ever what it was at.
  const waiting = workflow.state === 'running' && status?.stage === 'wait-for-device' ? status : null;
  const heard = heartbeatOf(described.raw.pendingActivities ?? []);
  const same = heard !== null && before.heartbeat?.mark === heard.mark;
  return {
    run: before.run,
    workflow,
    status,
    progress: heard?.progress ?? null,
    training: heard?.progress && tellsOfSteps(heard.progress) ? heard.progress : heard && before.training,
    preparation: preparing ? await lookAtPreparation(client, preparationOf(before.run)) : null,
    freeHosts: waiting && (await freeHostsFor(client, waiting).catch(() => before.freeHosts)),
    heartbeat: heard && (same ? before.heartbeat : { mark: heard.mark, seenAtMs: lookedAtMs }),
    temporalAnswers: true,
    worker: told.worker,
    asked,
    lookedAtMs,
  };
}

/** What a run says changes with its history alone, and to be asked costs its workers: they should train. */
async function tellingOf(client: Client, before: Look, at: string): Promise<Pick<Look, 'asked'> & { told: Told }> {
  const { status, worker, asked } = before;
  const known = worker === 'answers' && status !== null && asked.at === at;
  if (known && Date.now() - asked.atMs < ASKED_EVERY_MS) return { told: { worker, status }, asked };
  return { told: await askStatus(client, before.run), asked: { at, atMs: Date.now() } };
}

/** While a snapshot is saved the last step's figures still hold; older workers do not tell them then. */
const tellsOfSteps = ({ stage, learningRate }: TrainProgress): boolean =>
  stage === 'training' || (stage === 'saving' && learningRate !== null);

async function describeSoon(client: Client, run: string) {
  try {
    return await client.withDeadline(Date.now() + DESCRIBE_WITHIN_MS, () => describe(client, run));
  } catch (error) {
    if (isAway(error)) return null;
    throw error;
  }
}

/** The run's own word, also of a finished run; or why there is none. */
export type Told =
  | { readonly worker: 'answers'; readonly status: RunStatus }
  /** No worker serves the runs, or none answered in time. */
  | { readonly worker: 'silent'; readonly status: null }
  /** Workers are there, but the run's workflow fails in their hands: a defect, or another version of Temper. */
  | { readonly worker: 'stuck'; readonly status: null };

export async function askStatus(client: Client, run: string, withinMs = QUERY_WITHIN_MS): Promise<Told> {
  const handle = client.workflow.getHandle(run);
  try {
    const status = await client.withDeadline(Date.now() + withinMs, () => handle.query(statusQuery));
    return { worker: 'answers', status };
  } catch (error) {
    return { worker: isStuck(error) ? 'stuck' : 'silent', status: null };
  }
}
