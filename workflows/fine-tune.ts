import {
  ActivityCancellationType,
  ActivityFailure,
  ApplicationFailure,
  CancellationScope,
  CancelledFailure,
  ChildWorkflowCancellationType,
  ChildWorkflowFailure,
  ParentClosePolicy,
  allHandlersFinished,
  condition,
  executeChild,
  patched,
  proxyActivities,
} from '@temporalio/workflow';
import type { ControlActivities, DataContext, DatasetRef, FineTuneInput, FineTuneResult } from './contract.js';
import type { Device } from './device-session.js';
import { preparationOf } from './handlers.js';
import { historyIsLong } from './history.js';
import { failureType } from './policies/failures.js';
import { lastTry, meetsSuspect, upToSuspect } from './policies/poison.js';
import { RunState } from './run-state.js';
import { overSessions, type Left } from './sessions.js';
import { steer } from './steering.js';

const control = proxyActivities<ControlActivities>({
  startToCloseTimeout: '1 day',
  heartbeatTimeout: '30 seconds',
  cancellationType: ActivityCancellationType.TRY_CANCEL,
  retry: { initialInterval: '1 second', maximumInterval: '30 seconds' },
});

/**
 * Fine-tunes a pre-trained model: preprocess, initialise, freeze, train epoch by epoch with validation and checkpoints,
 * evaluate the best, publish it. Whatever dies on the way, the run goes on from its last checkpoint to the same weights.
 */
export async function fineTune(input: FineTuneInput): Promise<FineTuneResult> {
  const run = new RunState(input);
  steer(run);
  try {
    run.enter('preprocess');
    run.dataset ??= patched('data-in-parts') ? await prepared(input) : await control.preprocess(input);
    const result = await overSessions(run, (device) => onDevice(run, device));
    run.enter('finished');
    await condition(allHandlersFinished);
    return result;
  } catch (error) {
    if (!CancellationScope.current().consideredCancelled) throw error;
    await CancellationScope.nonCancellable(() => control.cleanUp({ run: input.run, purge: false }));
    throw new CancelledFailure('the run was cancelled');
  }
}

/** The data set: found by one quick activity, or made by a workflow of its own. */
async function prepared({ run, job, source, model }: FineTuneInput): Promise<DatasetRef> {
  const context: DataContext = { job, source, model };
  const found = await control.findDataset(context);
  if (found) return found;
  try {
    return await executeChild<(input: DataContext) => Promise<DatasetRef>>('prepareData', {
      workflowId: preparationOf(run),
      args: [context],
      workflowTaskTimeout: '5 seconds',
      cancellationType: ChildWorkflowCancellationType.WAIT_CANCELLATION_COMPLETED,
      parentClosePolicy: ParentClosePolicy.REQUEST_CANCEL,
      staticSummary: `${job.name}: the data of ${source.name}`,
    });
  } catch (error) {
    throw reasonOf(error);
  }
}

/** What is wrong with the data, as the activity said it. */
function reasonOf(error: unknown): unknown {
  if (!(error instanceof ChildWorkflowFailure) || error.cause instanceof CancelledFailure) return error;
  const cause = error.cause instanceof ActivityFailure ? error.cause.cause : error.cause;
  if (!(cause instanceof ApplicationFailure)) return error;
  return ApplicationFailure.nonRetryable(cause.message, cause.type ?? undefined);
}

/** The part of the chain that needs the device; ends with the result, or says why the device was left. */
async function onDevice(run: RunState, device: Device): Promise<FineTuneResult | Left> {
  const dataset = run.dataset!;

  if (!run.at) {
    run.enter('initializeModel');
    run.committed(await device.initializeModel({ context: run.input, dataset }));
    run.at = run.newestCommit;
    if (run.input.fork) run.learn(run.input.fork.observations);
  }
  run.enter('freezeLayers');
  const plan = (run.plan ??= await control.freezeLayers({ context: run.input, dataset }));

  if (run.at && plan.features?.reuse && !run.features && !run.stopRequested && !run.pauseRequested) {
    run.enter('computeFeatures');
    run.features = await device.computeFeatures({ context: run.context, plan, at: run.at });
    if (!run.features && !run.stopRequested && !run.pauseRequested) return 'preempted';
  }

  while (run.at) {
    if (run.endsEpoch && !run.isObserved(run.at.step)) {
      run.enter('validate');
      run.observe(run.at, await device.validate({ context: run.context, plan, at: run.at }));
    }
    if (run.outcome || run.pauseRequested || historyIsLong()) break;

    if (run.changesGraph) {
      run.enter('uploadCheckpoint');
      await run.uploadInFlight; // another graph reads the state from S3
      run.at = run.newestCommit;
      continue; // it may have been adjusted meanwhile
    }
    run.enter('trainEpoch');
    run.evaluation = null;
    if (meetsSuspect(run.suspect, run.at)) {
      await run.uploadInFlight; // the state before it is to be there
      run.at = run.newestCommit!;
    }
    const { context, at: from, commitContext: commit, boundary } = run;
    const until = upToSuspect(run.suspect, from, boundary);
    const suspect = lastTry(run.suspect);
    const input = { context, plan, from, until, commit, ...(suspect && { suspect }) };
    run.adjusting.beginSegment();
    const trained = await device.trainEpoch(input).catch(async (error: unknown) => {
      // A step that cannot be done ends the run: the state before it is to be there when somebody looks.
      if (isUserFailure(error)) await run.uploadInFlight;
      throw error;
    });
    await run.uploadInFlight; // one at a time; a lost one takes the run back to the checkpoint before it
    if (trained.kind === 'not-started') {
      run.adjusting.endSegment();
      if (trained.because === 'draining') return 'preempted';
      continue; // the top of the loop knows why
    }
    run.trainLoss = trained.stats.meanLoss;
    if (trained.kind === 'preempted') {
      run.committed(trained.ref);
      return 'preempted';
    }
    run.at = trained.reached;
    if (run.suspect && run.at.step >= run.suspect.step) run.suspect = null;
    run.adjusting.endSegment();
    run.startUpload(
      device.uploadCheckpoint({ context: run.context, snapshot: trained.reached, commit: run.commitContext }),
    );
  }

  run.enter(run.pauseRequested ? 'pausing' : 'uploadCheckpoint');
  await run.uploadInFlight;
  if (run.pauseRequested) return 'paused';
  const { outcome } = run;
  if (!outcome) return 'history-full';
  const final = run.newestCommit!;
  if (final.step === 0) throw stoppedTooEarly();

  if (run.observations.length === 0) {
    run.enter('validate');
    run.observe(final, await device.validate({ context: run.context, plan, at: final }));
  }
  const best = run.bestCommit ?? final;
  run.enter('evaluate');
  // The test split is read once, also when publishing takes another session.
  run.evaluation ??= await device.evaluate({ context: run.context, plan, at: best });
  run.enter('publishModel');
  const model = await device.publishModel({ context: run.context, plan, at: best, evaluation: run.evaluation });
  const { observations, evaluation, features, adjustments } = run;
  const fork = run.input.fork?.from ?? null;
  return {
    ...{ run: run.input.run, outcome, best, final, evaluation, model, plan, features },
    ...{ observations, ...run.told, adjustments, fork },
  };
}

const isUserFailure = (error: unknown): boolean =>
  error instanceof ActivityFailure &&
  error.cause instanceof ApplicationFailure &&
  error.cause.type === failureType.user;

const stoppedTooEarly = () =>
  ApplicationFailure.nonRetryable('Stopped before the first step: there is no model to keep.', failureType.user);
