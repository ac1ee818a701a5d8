import { WorkflowFailedError, type Client } from '@temporalio/client';
import { setMaxListeners } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { CancelledFailure, TerminatedFailure, rootCause } from '@temporalio/common';
import type { FineTuneResult } from '../../workflows/contract.js';
import { isAway } from './temporal-failure.js';
import { describeRun, type WorkflowState } from './workflow-state.js';

/** How a run ended. */
export interface RunEnd {
  readonly state: 'done' | 'failed' | 'cancelled';
  /** One sentence for people. */
  readonly message: string;
  readonly result?: FineTuneResult;
  /** What the model takes, of a run that is done. */
  readonly task?: Pick<WorkflowState, 'task' | 'pairs'>;
}

/** Waits for the end of a run. */
export async function endOf(client: Client, run: string): Promise<RunEnd> {
  try {
    const result = (await client.workflow.getHandle(run).result()) as FineTuneResult;
    return { state: 'done', message: doneMessage(result), result, task: await describeRun(client, run) };
  } catch (error) {
    if (!(error instanceof WorkflowFailedError)) throw error;
    return failureEnd(run, error.cause);
  }
}

export interface Patience {
  /** Waits for so long, or for the end of the run. */
  pause(ms: number): Promise<void>;
  /** Waits for the run no more. */
  end(): void;
}

/** For who looks at a run again and again until it ends: Temporal tells of the end at once, so that looks may be rare. */
export function patienceUntilEnd(client: Client, run: string): Patience {
  const [left, told] = [new AbortController(), new AbortController()];
  setMaxListeners(0, left.signal); // Temporal's client leaves one with each request, one a minute: some MB in a month
  const tell = () => told.abort(); // also when Temporal goes away: the next looks say so
  client.withAbortSignal(left.signal, () => client.workflow.getHandle(run).result()).then(tell, tell);
  return {
    pause: (ms) => pause(ms, undefined, told.signal.aborted ? {} : { signal: told.signal }).catch(() => undefined),
    end: () => left.abort(),
  };
}

/** Waits for the end, through any absence of the server. */
export async function endWhenReachable(client: Client, run: string): Promise<RunEnd> {
  for (;;) {
    try {
      return await endOf(client, run);
    } catch (error) {
      if (!isAway(error)) throw error;
      await pause(1_000);
    }
  }
}

export function failureEnd(run: string, cause: Error | undefined): RunEnd {
  if (cause instanceof CancelledFailure) return { state: 'cancelled', message: `${run} was cancelled.` };
  if (cause instanceof TerminatedFailure)
    return { state: 'failed', message: `${run} was terminated in Temporal: ${cause.message}.` };
  return {
    state: 'failed',
    message: `${run} failed: ${rootCause(cause) ?? cause?.message ?? 'Temporal does not say why'}`,
  };
}

function doneMessage({ run, outcome }: FineTuneResult): string {
  switch (outcome) {
    case 'completed':
      return `${run} is done.`;
    case 'stopped-early':
      return `${run} is done: it stopped early, validation had not improved any more.`;
    case 'stopped':
      return `${run} is done: it was stopped, and kept its best model.`;
    default:
      return outcome satisfies never;
  }
}

/** Why a workflow that is no run failed, in a sentence. */
export async function failureOf(client: Client, workflowId: string): Promise<string> {
  try {
    await client.workflow.getHandle(workflowId).result();
  } catch (error) {
    if (!(error instanceof WorkflowFailedError)) throw error;
    return rootCause(error.cause) ?? error.message;
  }
  throw new Error(`${workflowId} has not failed`);
}
