/** Names of firings and of their runs: a firing is the schedule's name and its nominal time, and so is its run. */
import type { RunId } from '../contract.js';

/** What Temporal calls the workflow of a firing: `NAME-2026-11-24T03:00:00Z`. */
const firingPattern = /^(.+)-(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z)$/;

/** null: no schedule has started this workflow. */
export function firingNamed(workflowId: string): { schedule: string; scheduledAt: string; run: RunId } | null {
  const [, schedule, scheduledAt] = firingPattern.exec(workflowId) ?? [];
  if (schedule === undefined || scheduledAt === undefined) return null;
  return { schedule, scheduledAt, run: runOfFiring(workflowId) };
}

/** `NAME-2026-11-24T03-00-00Z`: part of a key on S3, so it has no colons. */
export const runOfFiring = (workflowId: string): RunId => workflowId.replaceAll(':', '-') as RunId;
