/**
 * One firing of a schedule: says which run it follows, reads the data, and starts an ordinary run, whose end is its own. The
 * run is a child, so that a schedule's overlap policy and its pause-on-failure see how the run stands.
 */
import {
  ActivityCancellationType,
  ApplicationFailure,
  CancellationScope,
  CancelledFailure,
  ChildWorkflowCancellationType,
  ChildWorkflowFailure,
  ParentClosePolicy,
  WorkflowIdReusePolicy,
  proxyActivities,
  rootCause,
  startChild,
  upsertMemo,
  workflowInfo,
} from '@temporalio/workflow';
import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import type {
  Firing,
  FineTuneInput,
  FineTuneResult,
  RetrainInput,
  RetrainResult,
  RunId,
  ScheduleActivities,
} from './contract.js';
import { firingNamed } from './policies/firings.js';
import { failureType } from './policies/failures.js';

const { lookUpFiring, readSource } = proxyActivities<ScheduleActivities>({
  startToCloseTimeout: '1 day',
  heartbeatTimeout: '30 seconds',
  cancellationType: ActivityCancellationType.TRY_CANCEL,
  retry: { initialInterval: '1 second', maximumInterval: '30 seconds' },
});

export async function retrain(input: RetrainInput): Promise<RetrainResult> {
  const { schedule, data, job, model, synonyms } = input;
  const { workflowId, startTime } = workflowInfo();
  const named = firingNamed(workflowId);
  if (named?.schedule !== schedule) throw notFired(workflowId, schedule);
  const { run, scheduledAt } = named;
  const { hasRun, before } = await lookUpFiring({ schedule, firing: workflowId, startedAtMs: startTime.getTime() });
  if (hasRun) return { run, outcome: 'already-run' };
  const follows = before ?? lastRun();
  const firing: Firing = { schedule, scheduledAt, follows };
  upsertMemo({ ...firing });
  const source = data.read === 'at-creation' ? data.source : await readSource({ job, data });
  return ordinaryRun({ run, job, source, model, firing, ...(synonyms && { synonyms }) });
}

async function ordinaryRun(input: FineTuneInput & { firing: Firing }): Promise<RetrainResult> {
  const { run, job, model, firing } = input;
  try {
    const child = await startChild<(input: FineTuneInput) => Promise<FineTuneResult>>('fineTune', {
      workflowId: run,
      args: [input],
      workflowTaskTimeout: '5 seconds',
      workflowIdReusePolicy: WorkflowIdReusePolicy.REJECT_DUPLICATE,
      cancellationType: ChildWorkflowCancellationType.WAIT_CANCELLATION_COMPLETED,
      // A firing that is terminated for the next one lets its run clean up.
      parentClosePolicy: ParentClosePolicy.REQUEST_CANCEL,
      memo: { job: job.name, model: model.name, task: job.task, pairs: job.data.textPair !== undefined, ...firing },
      staticSummary: `${job.name}: ${model.name} on ${input.source.name}, by the schedule ${firing.schedule}`,
    });
    return { run, outcome: (await child.result()).outcome };
  } catch (error) {
    if (error instanceof WorkflowExecutionAlreadyStartedError) return { run, outcome: 'already-run' };
    if (CancellationScope.current().consideredCancelled || !(error instanceof ChildWorkflowFailure)) throw error;
    // An operator's wish is no failure that a schedule pauses for.
    if (error.cause instanceof CancelledFailure) return { run, outcome: 'cancelled' };
    throw ApplicationFailure.nonRetryable(rootCause(error) ?? error.message, 'RunFailed');
  }
}

/** Of the newest firing that ended well, where the schedule's own record does not go back so far. */
function lastRun(): RunId | null {
  const last = workflowInfo().lastResult as Partial<RetrainResult> | undefined;
  return last?.run ?? null;
}

const notFired = (workflowId: string, schedule: string) =>
  ApplicationFailure.nonRetryable(
    `Expected to be started by the schedule ${schedule}, as ${schedule}-<time>; found the id ${workflowId}: use \`temper schedule trigger ${schedule}\``,
    failureType.user,
  );
