import { getClient } from '@temporalio/activity';
import { ScheduleNotFoundError, WorkflowNotFoundError, type Client } from '@temporalio/client';
import type { RunId, ScheduleActivities } from '../../workflows/contract.js';
import { runOfFiring } from '../../workflows/policies/firings.js';
import { asActivity } from '../as-activity.js';

/** The run before is that of the newest firing before this one that has come to a run, among the last ten. */
export const lookUpFiring: ScheduleActivities['lookUpFiring'] = ({ schedule, firing, startedAtMs }) =>
  asActivity(async () => {
    const client = getClient();
    if (await isThere(client, runOfFiring(firing))) return { hasRun: true, before: null };
    const recent = await recentFirings(client, schedule);
    for (const run of firingsBefore(recent, { firing, startedAtMs }).map(runOfFiring))
      if (await isThere(client, run)) return { hasRun: false, before: run };
    return { hasRun: false, before: null };
  });

interface RecentFiring {
  readonly firing: string;
  readonly takenAtMs: number;
}

/** Oldest first. */
async function recentFirings(client: Client, schedule: string): Promise<RecentFiring[]> {
  try {
    const { info } = await client.schedule.getHandle(schedule).describe();
    return info.recentActions.map(({ action, takenAt }) => ({
      firing: action.workflow.workflowId,
      takenAtMs: takenAt.getTime(),
    }));
  } catch (error) {
    if (error instanceof ScheduleNotFoundError) return []; // deleted meanwhile
    throw error;
  }
}

/** Newest first. A firing that has just begun may not be in the record yet: then the clock of its start decides. */
export function firingsBefore(
  recent: readonly RecentFiring[],
  { firing, startedAtMs }: { readonly firing: string; readonly startedAtMs: number },
): string[] {
  const at = recent.findIndex((each) => each.firing === firing);
  const before = at >= 0 ? recent.slice(0, at) : recent.filter(({ takenAtMs }) => takenAtMs <= startedAtMs);
  return before.map((each) => each.firing).reverse();
}

async function isThere(client: Client, run: RunId): Promise<boolean> {
  try {
    await client.workflow.getHandle(run).describe();
    return true;
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return false;
    throw error;
  }
}
