import {
  ActivityCancellationType,
  CancellationScope,
  CancelledFailure,
  allHandlersFinished,
  condition,
  continueAsNew,
  proxyActivities,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import type {
  CheckpointRef,
  ControlActivities,
  FineTuneInput,
  FineTuneOutcome,
  FineTuneResult,
  ResumeReason,
  TrainProgress,
} from './contract.js';
import { withDevice, type Device } from './device-session.js';
import { pauseUpdate, resumeUpdate, statusQuery, stopUpdate } from './handlers.js';
import { nextBoundary } from './policies/boundaries.js';
import { ranked } from './policies/selection.js';
import { Budgets, setbackOf } from './recovery.js';
import { RunState } from './run-state.js';

const control = proxyActivities<ControlActivities>({
  startToCloseTimeout: '1 day',
  heartbeatTimeout: '30 seconds',
  cancellationType: ActivityCancellationType.TRY_CANCEL,
  retry: { initialInterval: '1 second', maximumInterval: '30 seconds' },
});

/** Why a session was left before the run was done. */
type Left = 'paused' | 'preempted' | 'history-full';

/**
 * Fine-tunes a pre-trained model: preprocess, initialise, freeze, train epoch by epoch with validation and checkpoints,
 * evaluate the best, publish it. Whatever dies on the way, the run goes on from its last checkpoint to the same weights.
 */
export async function fineTune(input: FineTuneInput): Promise<FineTuneResult> {
  const run = new RunState(input);
  const budgets = new Budgets();
  let device: Device | null = null;
  let resume: { reason: ResumeReason; detail: string; sinceMs: number; lastProgress: TrainProgress | null } = {
    reason: input.carried ? 'history-full' : 'start',
    detail: '',
    sinceMs: Date.now(),
    lastProgress: null,
  };

  setHandler(statusQuery, () => run.status());
  setHandler(pauseUpdate, async (): Promise<CheckpointRef | null> => {
    run.pauseRequested = true;
    await interruptTraining();
    await condition(() => run.stage === 'paused' || run.stage === 'finished' || !run.pauseRequested);
    return run.newestCommit;
  });
  setHandler(resumeUpdate, () => {
    run.pauseRequested = false;
  });
  setHandler(stopUpdate, async () => {
    run.stopRequested = true;
    run.pauseRequested = false;
    await interruptTraining();
  });

  /** A session that is lost anyway need not hear it. */
  async function interruptTraining(): Promise<void> {
    await device?.interrupt().catch(() => undefined);
  }

  const leaving = (): boolean => run.pauseRequested || run.stopRequested;

  try {
    run.enter('preprocess');
    run.dataset ??= await control.preprocess(input);

    for (;;) {
      if (run.pauseRequested) {
        run.enter('paused');
        await condition(() => !run.pauseRequested);
        resume = { reason: 'paused', detail: 'resumed by the operator', sinceMs: Date.now(), lastProgress: null };
      }
      if (workflowInfo().continueAsNewSuggested && run.lineage) {
        await condition(allHandlersFinished);
        await continueAsNew<typeof fineTune>({ ...input, carried: run.carry() });
      }
      try {
        run.enter('wait-for-device', resume.detail || null);
        const ended = await withDevice(sessionRequest(run), async (opened) => {
          device = opened;
          return onDevice(opened);
        });
        if (ended !== null && typeof ended === 'object') return ended;
        resume = {
          reason: ended === 'preempted' ? 'preempted' : 'history-full',
          detail: '',
          sinceMs: Date.now(),
          lastProgress: null,
        };
      } catch (error) {
        const setback = setbackOf(error);
        resume = {
          reason: setback.cause,
          detail: setback.detail,
          sinceMs: Date.now(),
          lastProgress: setback.lastProgress,
        };
        run.enter('recovering', setback.detail);
        await budgets.spend(setback);
      } finally {
        device = null;
      }
    }
  } catch (error) {
    if (!CancellationScope.current().consideredCancelled) throw error;
    await CancellationScope.nonCancellable(() => control.cleanUp({ run: input.run, purge: false }));
    throw new CancelledFailure('the run was cancelled');
  }

  /** The part of the chain that needs the device; ends with the result, or says why the device was left. */
  async function onDevice(device: Device): Promise<FineTuneResult | Left> {
    await settle(device);
    const { job, source, model } = input;
    const dataset = run.dataset!;

    if (!run.at) {
      run.enter('initializeModel');
      const ref = await device.initializeModel({ context: { run: input.run, job, source, model }, dataset });
      run.committed(ref);
      run.at = ref;
    }
    run.enter('freezeLayers');
    const plan = (run.plan ??= await control.freezeLayers({
      context: { run: input.run, job, source, model },
      dataset,
    }));

    for (;;) {
      if (endsEpoch(run) && !run.observations.some(({ step }) => step === run.at!.step)) {
        run.enter('validate');
        const { step, epoch } = run.at;
        run.observe({ step, epoch, ...(await device.validate({ context: run.context, plan, at: run.at })) });
      }
      if (run.at.epoch >= job.train.epochs || run.policy.shouldStop || leaving()) break;
      if (workflowInfo().continueAsNewSuggested) break;

      run.enter('trainEpoch');
      const until = nextBoundary(job, run.at, dataset.stepsPerEpoch);
      const trained = await device.trainEpoch({
        context: run.context,
        plan,
        from: run.at,
        until,
        commit: run.commitContext,
      });
      await run.uploadInFlight; // one at a time; a lost one takes the run back to the checkpoint before it
      if (trained.kind === 'not-started') {
        if (leaving()) break;
        return 'preempted';
      }
      if (trained.stats.steps > 0) run.trainLoss = trained.stats.meanLoss;
      if (trained.kind === 'preempted') {
        run.committed(trained.ref);
        return 'preempted';
      }
      run.at = trained.reached;
      upload(device);
    }
    run.enter(run.pauseRequested ? 'pausing' : 'uploadCheckpoint');
    await run.uploadInFlight;
    if (run.pauseRequested) return 'paused';
    const outcome = outcomeOf(run);
    if (outcome === null) return 'history-full';
    return finish(device, outcome);
  }

  /** Finds where to go on from, and tells the session. */
  async function settle(device: Device): Promise<void> {
    run.fingerprint ??= device.host.fingerprint;
    let passedOver: string[] = [];
    const trainedTo = Math.max(run.at?.step ?? 0, run.newestCommit?.step ?? 0, resume.lastProgress?.position.step ?? 0);
    if (run.lineage) {
      const found = await device.findCheckpoint({ run: input.run, lineage: run.lineage });
      passedOver = found.damaged.map(({ sequence, reason }) => `checkpoint ${sequence}: ${reason}`);
      for (const observation of found.observations) run.observe(observation);
      run.rewindTo(found.ref);
    }
    const { reason, detail, sinceMs, lastProgress } = resume;
    const from = run.newestCommit;
    const stepsRedone = trainedTo - (from?.step ?? 0);
    const stepsPerSecond = (lastProgress?.examplesPerSecond ?? 0) / input.job.train.batchSize;
    run.tell({
      session: device.host.session,
      host: device.host.host,
      fingerprint: device.host.fingerprint.digest,
      reason,
      detail,
      openedAtMs: Date.now(),
      from: from && { sequence: from.sequence, step: from.step },
      passedOver,
      stepsRedone,
      recoveryMs: Date.now() - sinceMs,
      redoneMs: stepsPerSecond > 0 ? Math.round((stepsRedone / stepsPerSecond) * 1000) : 0,
    });
  }

  function upload(device: Device): void {
    if (run.at?.kind !== 'snapshot') return;
    const uploading = device
      .uploadCheckpoint({ context: run.context, snapshot: run.at, commit: run.commitContext })
      .then((ref) => {
        run.committed(ref);
        budgets.madeProgress();
      });
    uploading.catch(() => undefined); // whoever awaits it hears of it
    run.uploadInFlight = uploading;
  }

  async function finish(device: Device, outcome: FineTuneOutcome): Promise<FineTuneResult> {
    const plan = run.plan!;
    const final = run.newestCommit!;
    if (run.observations.length === 0) {
      run.enter('validate');
      run.observe({
        step: final.step,
        epoch: final.epoch,
        ...(await device.validate({ context: run.context, plan, at: final })),
      });
    }
    const best = bestCommit(run) ?? final;
    run.enter('evaluate');
    const evaluation = (run.evaluation = await device.evaluate({ context: run.context, plan, at: best }));
    run.enter('publishModel');
    const model = await device.publishModel({ context: run.context, plan, at: best, evaluation });
    run.enter('finished');
    const { observations, sessions } = run;
    return { run: input.run, outcome, best, final, evaluation, model, observations, sessions };
  }
}

const endsEpoch = (run: RunState): run is RunState & { at: NonNullable<RunState['at']> } =>
  run.at !== null && run.at.cursor === 0 && run.at.step > 0;

function outcomeOf(run: RunState): FineTuneOutcome | null {
  if (run.stopRequested) return 'stopped';
  if (run.at!.epoch >= run.job.train.epochs) return 'completed';
  return run.policy.shouldStop ? 'stopped-early' : null;
}

/** The best observed step whose checkpoint is committed. */
function bestCommit(run: RunState): CheckpointRef | undefined {
  return ranked(run.observations, run.job.selectBest)
    .map(({ step }) => run.commits.find((commit) => commit.step === step))
    .find((commit) => commit !== undefined);
}

function sessionRequest(run: RunState) {
  const { fingerprint, job } = run;
  const { intraOpThreads, interOpThreads } = fingerprint ?? { intraOpThreads: 0, interOpThreads: 0 };
  return {
    run: run.input.run,
    threads: job.threads ?? null,
    pinned: fingerprint && { intraOpThreads, interOpThreads },
    onlyHostClass: job.exactness === 'strict' ? (fingerprint?.hostClass ?? null) : null,
    noLongerWanted: () => run.pauseRequested || (run.stopRequested && run.lineage === null),
  };
}
