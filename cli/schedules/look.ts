/** What Temporal knows of a schedule and of its firings. */
import { ScheduleNotFoundError, type Client, type ScheduleDescription } from '@temporalio/client';
import { z } from 'zod';
import type { RetrainInput, ScheduledSource } from '../../workflows/contract.js';
import { runOfFiring } from '../../workflows/policies/firings.js';
import { nearestRuns } from '../runs/unknown-run.js';
import { CliError } from '../../infra/errors.js';
import { overlapName, type Overlap } from './options.js';

export const RETRAIN = 'retrain';

export interface ShownSchedule {
  readonly schedule: string;
  readonly when: string;
  readonly job: string;
  readonly model: string;
  readonly data: ScheduledSource;
  readonly overlap: Overlap;
  readonly catchUpMs: number;
  readonly pauseOnFailure: boolean;
  readonly paused: boolean;
  readonly note: string | null;
  readonly createdAt: Date;
  readonly nextAt: readonly Date[];
  readonly fired: number;
  readonly leftOutOverlap: number;
  readonly leftOutTooLate: number;
  /** Runs that are under way, or about to begin, as the overlap policy counts them: those that allow-all let begin are not. */
  readonly running: readonly string[];
  /** Firings that wait for a run to end. */
  readonly waiting: number;
}

export interface ListedSchedule {
  readonly schedule: string;
  readonly when: string | null;
  readonly job: string | null;
  readonly paused: boolean;
  readonly nextAt: Date | null;
  readonly lastRun: string | null;
}

const memoSchema = z.object({ when: z.string().nullable().catch(null), job: z.string().nullable().catch(null) });

export async function listSchedules(client: Client): Promise<ListedSchedule[]> {
  const listed: ListedSchedule[] = [];
  for await (const { scheduleId, action, memo, state, info } of client.schedule.list()) {
    if (action?.workflowType !== RETRAIN) continue; // somebody else's
    const last = info.recentActions.at(-1)?.action.workflow.workflowId;
    listed.push({
      schedule: scheduleId,
      ...memoSchema.parse(memo ?? {}),
      paused: state.paused,
      nextAt: state.paused ? null : (info.nextActionTimes[0] ?? null),
      lastRun: last === undefined ? null : runOfFiring(last),
    });
  }
  return listed.sort((a, b) => (a.schedule < b.schedule ? -1 : 1));
}

/** null: there is none of this name. */
export async function findSchedule(client: Client, schedule: string): Promise<ScheduleDescription | null> {
  try {
    return await client.schedule.getHandle(schedule).describe();
  } catch (error) {
    if (error instanceof ScheduleNotFoundError) return null;
    throw error;
  }
}

/** @throws CliError when there is no such schedule, with the nearest ones. */
export async function describeSchedule(client: Client, schedule: string): Promise<ScheduleDescription> {
  const found = await findSchedule(client, schedule);
  if (found?.action.workflowType === RETRAIN) return found;
  if (found) throw new CliError(`The schedule ${schedule} is not Temper's: it starts ${found.action.workflowType}.`);
  throw new CliError(
    unknownSchedule(
      schedule,
      (await listSchedules(client)).map((each) => each.schedule),
    ),
  );
}

export function unknownSchedule(schedule: string, known: readonly string[]): string {
  if (known.length === 0) return `There is no schedule ${schedule}: none was created here yet.`;
  const near = nearestRuns(schedule, known);
  if (near.length === 0) return `There is no schedule ${schedule}: \`temper schedule list\` shows those there are.`;
  return `There is no schedule ${schedule}. Did you mean ${near.join(' or ')}?`;
}

/** The workflows of its last firings, those too that the overlap policy does not count. */
export const lastFirings = ({ info }: ScheduleDescription): string[] =>
  info.recentActions.map(({ action }) => action.workflow.workflowId);

export function shown({ scheduleId, action, memo, policies, state, info, raw }: ScheduleDescription): ShownSchedule {
  const [{ job, model, data }] = action.args as unknown as [RetrainInput];
  return {
    schedule: scheduleId,
    when: memoSchema.parse(memo ?? {}).when ?? 'as Temporal shows it',
    job: job.name,
    model: model.name,
    data,
    overlap: overlapName(policies.overlap),
    catchUpMs: policies.catchupWindow,
    pauseOnFailure: policies.pauseOnFailure,
    paused: state.paused,
    note: state.note || null,
    createdAt: info.createdAt,
    nextAt: state.paused ? [] : info.nextActionTimes,
    fired: info.numActionsTaken,
    leftOutOverlap: info.numActionsSkippedOverlap,
    leftOutTooLate: info.numActionsMissedCatchupWindow,
    waiting: Number(raw.info?.bufferSize ?? 0),
    running: info.runningActions.map(({ workflow }) => runOfFiring(workflow.workflowId)),
  };
}
