import { ApplicationFailure, condition, setHandler } from '@temporalio/workflow';
import type { Adjustment, CheckpointRef, JobChanges } from './contract.js';
import { adjustUpdate, pauseUpdate, resumeUpdate, statusQuery, stopUpdate } from './handlers.js';
import { refusal } from './policies/adjusting.js';
import { failureType } from './policies/failures.js';
import type { RunState } from './run-state.js';

/** Lets the outside see and steer a run. */
export function steer(run: RunState): void {
  setHandler(statusQuery, () => run.status());
  setHandler(pauseUpdate, async (): Promise<CheckpointRef | null> => {
    run.pauseRequested = true;
    await interruptTraining(run);
    await condition(() => run.stage === 'paused' || run.stage === 'finished' || !run.pauseRequested);
    if (run.stage !== 'paused') {
      throw ApplicationFailure.nonRetryable('It was resumed, stopped or finished before it had paused.', 'NotPaused');
    }
    return run.newestCommit;
  });
  setHandler(resumeUpdate, () => {
    run.pauseRequested = false;
  });
  setHandler(stopUpdate, async () => {
    run.stopRequested = true;
    run.pauseRequested = false;
    await interruptTraining(run);
  });
  setHandler(adjustUpdate, (changes) => adjust(run, changes), { validator: (changes) => permit(run, changes) });
}

/** Refused requests leave no trace in the history. */
function permit(run: RunState, changes: JobChanges): void {
  const said = refusal(changes as Record<string, unknown>, run.adjusting.standing(trainingOver(run)));
  if (said !== null) throw ApplicationFailure.nonRetryable(said, failureType.user);
}

function trainingOver(run: RunState): string | null {
  if (run.stopRequested) return 'The run was asked to stop: there is no training left to adjust.';
  if (run.stage === 'finished' || run.outcome !== null) return 'Training is over: there is nothing left to adjust.';
  return null;
}

async function adjust(run: RunState, changes: JobChanges): Promise<readonly Adjustment[]> {
  const requested = run.adjusting.request(changes);
  if (!requested.made) await interruptTraining(run);
  await condition(() => requested.made !== null || run.stage === 'finished');
  if (!requested.made)
    throw ApplicationFailure.nonRetryable('Training ended before it was adjusted.', failureType.user);
  return requested.made;
}

/** A session that does not answer is being lost, and need not hear it. */
async function interruptTraining(run: RunState): Promise<void> {
  await run.device?.interrupt().catch(() => undefined);
}
