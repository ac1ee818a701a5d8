import type { Client, WorkflowExecutionInfo } from '@temporalio/client';
import { z } from 'zod';
import { firingNamed, runOfFiring } from '../../workflows/policies/firings.js';
import { failureOf } from '../runs/ending.js';
import { workflowState, WORKFLOW_TYPE, type RunStateName, type WorkflowState } from '../runs/workflow-state.js';
import { RETRAIN } from './look.js';

/** One firing of a schedule: which time it was for, which run came of it, and which run that follows. */
export interface ListedFiring {
  readonly scheduledAt: Date;
  /** When it began: late where it waited for another run, or was caught up. */
  readonly startedAt: Date;
  readonly closedAt: Date | null;
  readonly run: string;
  readonly state: RunStateName | 'reading-data';
  readonly follows: string | null;
  /** Why it came to no run. */
  readonly problem: string | null;
}

/** Temporal lists running workflows first: so many are looked at to find the newest. */
const LOOKED_AT = 1_000;

/** Newest first. Temporal forgets those that ended longer ago than its namespace's retention. */
export async function listFirings(client: Client, schedule: string, atMost: number): Promise<ListedFiring[]> {
  const query = `WorkflowType = "${RETRAIN}" AND TemporalScheduledById = "${schedule}"`;
  const found: WorkflowExecutionInfo[] = [];
  for await (const info of client.workflow.list({ query })) {
    found.push(info);
    if (found.length === LOOKED_AT) break;
  }
  found.sort((a, b) => b.startTime.getTime() - a.startTime.getTime());
  const runs = new Map((await listRunsOf(client, schedule)).map((run) => [run.run, run]));
  const listed = ofTheirRuns(found, runs)
    .slice(0, atMost)
    .map((info) => listedFiring(client, info, runs));
  return (await Promise.all(listed)).filter((each) => each !== null);
}

/** A time may have fired again, by a backfill: what counts is the firing that its run came of, else the newest. */
function ofTheirRuns(
  newestFirst: readonly WorkflowExecutionInfo[],
  runs: ReadonlyMap<string, WorkflowState>,
): WorkflowExecutionInfo[] {
  const kept = new Map<string, WorkflowExecutionInfo>();
  for (const info of newestFirst) {
    const begun = runs.get(runOfFiring(info.workflowId))?.startedAt;
    const before = kept.get(info.workflowId);
    if (before === undefined || (begun && before.startTime > begun)) kept.set(info.workflowId, info);
  }
  return [...kept.values()].sort((a, b) => b.startTime.getTime() - a.startTime.getTime());
}

/** The runs of a schedule's firings, in no order. */
export async function listRunsOf(client: Client, schedule: string): Promise<WorkflowState[]> {
  const runs: WorkflowState[] = [];
  const query = `WorkflowType = "${WORKFLOW_TYPE}" AND ExecutionStatus != "ContinuedAsNew" AND WorkflowId STARTS_WITH "${schedule}-"`;
  for await (const info of client.workflow.list({ query })) {
    const run = workflowState(info);
    if (run.firing?.schedule === schedule) runs.push(run);
    if (runs.length === LOOKED_AT) break;
  }
  return runs;
}

const memoSchema = z.object({ follows: z.string().nullable().catch(null) });

async function listedFiring(
  client: Client,
  info: WorkflowExecutionInfo,
  runs: ReadonlyMap<string, WorkflowState>,
): Promise<ListedFiring | null> {
  const named = firingNamed(info.workflowId);
  if (!named) return null;
  const run = runs.get(named.run);
  const own = workflowState(info);
  const failed = !run && own.state === 'failed';
  return {
    scheduledAt: new Date(named.scheduledAt),
    startedAt: info.startTime,
    closedAt: (run ?? own).closedAt,
    run: named.run,
    state: run?.state ?? (own.state === 'running' ? 'reading-data' : own.state),
    follows: memoSchema.parse(info.memo ?? {}).follows,
    problem: failed ? await failureOf(client, info.workflowId) : null,
  };
}
