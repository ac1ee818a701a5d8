import type { Client, WorkflowExecutionInfo } from '@temporalio/client';
import { z } from 'zod';
import { tasks, type Task } from '../../job/schema.js';
import type { Firing, RunId } from '../../workflows/contract.js';
import { isNotFound } from './temporal-failure.js';
import { unknownRun } from './unknown-run.js';

export const runStates = ['running', 'done', 'failed', 'cancelled'] as const;
export type RunStateName = (typeof runStates)[number];

/** What Temporal itself knows of a run, whether or not a worker answers. */
export interface WorkflowState {
  readonly run: string;
  readonly state: RunStateName;
  readonly job: string | null;
  readonly model: string | null;
  readonly task: Task | null;
  /** Its texts come in pairs. */
  readonly pairs: boolean;
  /** The firing of a schedule that started it; null of a run that a person started. */
  readonly firing: Firing | null;
  /** Of the run, not of the history that it has gone on in since. */
  readonly startedAt: Date;
  readonly closedAt: Date | null;
}

export const WORKFLOW_TYPE = 'fineTune';

const memoSchema = z.object({
  job: z.string().nullable().catch(null),
  model: z.string().nullable().catch(null),
  task: z.enum(tasks).nullable().catch(null),
  pairs: z.boolean().catch(false),
  /** Of a run that has gone on in a new history (workflows/history.ts). */
  startedAt: z.iso.datetime().nullable().catch(null),
});

const firingSchema = z.object({
  schedule: z.string(),
  scheduledAt: z.iso.datetime(),
  // A memo does not keep a null.
  follows: z
    .string()
    .nullish()
    .transform((run) => (run ?? null) as RunId | null),
});

export function workflowState({
  workflowId,
  status,
  startTime,
  closeTime,
  memo,
}: Pick<WorkflowExecutionInfo, 'workflowId' | 'status' | 'startTime'> & {
  closeTime?: Date | undefined;
  memo?: Record<string, unknown> | undefined;
}): WorkflowState {
  const { startedAt, ...described } = memoSchema.parse(memo ?? {});
  return {
    run: workflowId,
    state: stateName(status.name),
    ...described,
    firing: firingSchema.safeParse(memo).data ?? null,
    startedAt: startedAt === null ? startTime : new Date(startedAt),
    closedAt: closeTime ?? null,
  };
}

function stateName(status: WorkflowExecutionInfo['status']['name']): RunStateName {
  switch (status) {
    case 'COMPLETED':
      return 'done';
    case 'CANCELLED':
      return 'cancelled';
    case 'FAILED':
    case 'TERMINATED':
    case 'TIMED_OUT':
      return 'failed';
    default:
      return 'running'; // continued as new: its successor runs
  }
}

/** The same in a query, which spells them otherwise. */
const endedStatuses = { done: ['Completed'], failed: ['Failed', 'Terminated', 'TimedOut'], cancelled: ['Canceled'] };

/** The newest history of each run that is in this state, or in any. */
export function statusQuery(state?: RunStateName): string {
  const none = (statuses: readonly string[]) => statuses.map((each) => `ExecutionStatus != "${each}"`).join(' AND ');
  if (state === undefined) return none(['ContinuedAsNew']);
  if (state === 'running') return none(['ContinuedAsNew', ...Object.values(endedStatuses).flat()]);
  return `ExecutionStatus IN (${endedStatuses[state].map((each) => `"${each}"`).join(', ')})`;
}

/** @throws CliError when there is no such run, with the nearest ones. */
export async function describeRun(client: Client, run: string): Promise<WorkflowState> {
  return workflowState(await describe(client, run));
}

export async function describe(client: Client, run: string) {
  try {
    return await client.workflow.getHandle(run).describe();
  } catch (error) {
    throw isNotFound(error) ? await unknownRun(client, run) : error;
  }
}
