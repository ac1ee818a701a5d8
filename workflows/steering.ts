import { ApplicationFailure, condition, setHandler } from '@temporalio/workflow';
import type { CheckpointRef } from './contract.js';
import { pauseUpdate, resumeUpdate, statusQuery, stopUpdate } from './handlers.js';
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
}

/** A session that does not answer is being lost, and need not hear it. */
async function interruptTraining(run: RunState): Promise<void> {
  await run.device?.interrupt().catch(() => undefined);
}
