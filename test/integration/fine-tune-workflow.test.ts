import { Context } from '@temporalio/activity';
import { ApplicationFailure, WorkflowFailedError } from '@temporalio/client';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { workflowState } from '../../cli/runs/workflow-state.js';
import { reportLeft } from '../../workers/left-sessions.js';
import type { FineTuneResult, Position, RunStatus, Suspect, TrainUntil } from '../../workflows/contract.js';
import { ACTIVITY_HEARTBEAT_MS, failureType } from '../../workflows/policies/failures.js';
import { told } from '../../workflows/policies/told.js';
import { tinyJobWith } from '../support/observations.js';
import { eventually } from '../support/poll.js';
import {
  WorkflowWorld,
  digestAt,
  engineDied,
  never,
  startWorkflowServer,
  userError,
} from '../support/workflow-world.js';

/** The fineTune workflow over activities that fail on command: what takes minutes or luck with real ones. */
describe('fineTune', () => {
  let env: TestWorkflowEnvironment;
  beforeAll(async () => {
    env = await startWorkflowServer(['--dynamic-config-value', 'limit.historyCount.suggestContinueAsNew=400']);
  }, 120_000);
  afterAll(() => env.teardown());

  let runs = 0;
  const id = () => `mocked-${++runs}`;
  const world = async (prepare: (world: WorkflowWorld) => unknown = () => undefined): Promise<WorkflowWorld> => {
    const made = new WorkflowWorld(env);
    prepare(made);
    await made.start();
    onTestFinished(() => made.stop());
    return made;
  };
  const job = { train: { epochs: 2 }, checkpoint: { everySteps: 5 } };

  /** A run of two epochs that ended as if nothing had happened. */
  const expectWhole = ({ outcome, final, best, observations }: FineTuneResult) => {
    expect({ outcome, step: final.step, digest: final.stateDigest }).toEqual({
      outcome: 'completed',
      step: 20,
      digest: digestAt(20),
    });
    expect(observations.map(({ step, loss }) => [step, loss])).toEqual([
      [10, 1],
      [20, 0.9],
    ]);
    expect(best.step).toBe(20);
  };

  const failureOf = async (promise: Promise<unknown>): Promise<ApplicationFailure> => {
    const error: unknown = await promise.then(
      () => null,
      (thrown: unknown) => thrown,
    );
    let cause: unknown = error instanceof WorkflowFailedError ? error.cause : error;
    while (!(cause instanceof ApplicationFailure) && cause instanceof Error && cause.cause) cause = cause.cause;
    if (!(cause instanceof ApplicationFailure)) throw new Error(`expected a failed run, found ${String(error)}`);
    return cause;
  };

  it('goes through the chain in order, uploading while it trains on', async () => {
    const here = await world();
    const result = await here.toTheEnd(id(), job);
    expectWhole(result);
    const uploads = here.called('uploadCheckpoint');
    expect(uploads).toEqual([
      'uploadCheckpoint 5',
      'uploadCheckpoint 10',
      'uploadCheckpoint 15',
      'uploadCheckpoint 20',
    ]);
    expect(here.calls.filter((call) => !uploads.includes(call))).toEqual([
      ...['findDataset', 'initializeModel', 'freezeLayers'],
      ...['trainEpoch 0-5', 'trainEpoch 5-10', 'validate 10', 'trainEpoch 10-15', 'trainEpoch 15-20', 'validate 20'],
      ...['evaluate 20', 'publishModel 20'],
    ]);
    expect(here.openSessions).toBe(0);
    expect(result.sessions).toMatchObject([{ reason: 'start', from: null }]);
  });

  it('a session lost during an upload takes the run back to the last checkpoint, with the metrics of then', async () => {
    // The upload of step 10 never ends, while step 10 is validated and trained on from.
    const here = await world((w) =>
      w.on('uploadCheckpoint', ({ n, session }) => {
        if (n !== 2) return undefined;
        session?.end();
        return never();
      }),
    );
    const result = await here.toTheEnd(id(), job);
    expectWhole(result);
    expect(result.sessions).toMatchObject([
      { reason: 'start' },
      { reason: 'session-lost', from: { sequence: 2, step: 5 } },
    ]);
    expect(here.called('trainEpoch').filter((call) => call === 'trainEpoch 5-10')).toHaveLength(2);
    expect(here.called('findCheckpoint')).toHaveLength(1);
  });

  it('a store that was ahead of the workflow is the truth: nothing that is committed is done again', async () => {
    // Committed, but the answer is lost with the session.
    const here = await world((w) =>
      w.on('uploadCheckpoint', ({ n, input, session }) => {
        if (n !== 2) return undefined;
        const { snapshot, commit } = input as { snapshot: { step: number }; commit: { observations: [] } };
        const [first] = w.checkpoints;
        if (!first) throw new Error('no checkpoint');
        const { step } = snapshot;
        const ref = { ...first.ref, sequence: 3, stateDigest: digestAt(step), step, epoch: 1, cursor: 0 };
        w.checkpoints.push({ ref, observations: commit.observations });
        session?.end();
        return never();
      }),
    );
    const result = await here.toTheEnd(id(), job);
    expectWhole(result);
    expect(result.sessions[1]).toMatchObject({ reason: 'session-lost', from: { sequence: 3, step: 10 } });
    expect(here.called('trainEpoch').filter((call) => call === 'trainEpoch 5-10')).toHaveLength(1);
  });

  it('a damaged checkpoint is passed over, and told', async () => {
    const here = await world((w) =>
      w.on('trainEpoch', async ({ n, session }) => {
        if (n !== 4) return undefined;
        await eventually('step 15 is committed', () => w.checkpoints.length === 4);
        const newest = w.checkpoints.at(-1);
        if (newest) newest.damaged = 'its bytes do not have the SHA-256 that it ends with';
        session?.end();
        return never();
      }),
    );
    const result = await here.toTheEnd(id(), job);
    expectWhole(result);
    const [, second] = result.sessions;
    expect(second?.passedOver).toEqual([expect.stringMatching(/^checkpoint \d: its bytes do not have the SHA-256/)]);
    const damaged = here.checkpoints.find((each) => each.damaged !== undefined);
    expect(second?.from).toEqual({ sequence: 3, step: 10 });
    expect(result.final.sequence).toBeGreaterThan(damaged?.ref.sequence ?? Infinity);
  });

  it('a checkpoint that the store has lost without a trace is told', async () => {
    let known: () => Promise<number | undefined> = () => Promise.resolve(undefined);
    let asked: unknown = null;
    const here = await world((w) => {
      w.on('findCheckpoint', ({ input }) => void (asked = input));
      w.on('trainEpoch', async ({ n, session }) => {
        if (n !== 4) return undefined;
        await eventually('the run knows that step 15 is committed', async () => (await known()) === 4);
        w.checkpoints.pop();
        session?.end();
        return never();
      });
    });
    const handle = await here.begin(id(), job);
    known = async () => (await handle.query<RunStatus>('status')).lastCheckpoint?.sequence;
    const result = (await handle.result()) as FineTuneResult;
    expectWhole(result);
    expect(result.sessions[1]).toMatchObject({
      passedOver: ['checkpoint 4: it was acknowledged, and is there no more'],
      from: { sequence: 3, step: 10 },
    });
    expect(asked).toMatchObject({ known: { sequence: 4, step: 15 } }); // so that an empty bucket is not taken for a beginning
  });

  it('a worker that shuts down has committed: the next session goes on from there', async () => {
    const here = await world((w) =>
      w.on('trainEpoch', async ({ n }) => {
        if (n !== 2) return undefined;
        await eventually('step 5 is committed', () => w.checkpoints.length === 2);
        const [first] = w.checkpoints;
        if (!first) throw new Error('no checkpoint');
        const ref = { ...first.ref, sequence: 3, stateDigest: digestAt(7), step: 7, epoch: 0, cursor: 7 };
        w.checkpoints.push({ ref, observations: [] });
        return { kind: 'preempted', ref, stats: { steps: 2, examples: 1, trainSeconds: 1, meanLoss: 1 } };
      }),
    );
    const result = await here.toTheEnd(id(), job);
    expectWhole(result);
    expect(result.sessions[1]).toMatchObject({ reason: 'preempted', from: { step: 7 }, stepsRedone: 0 });
    expect(here.called('trainEpoch')).toContain('trainEpoch 7-10');
  });

  it('an engine that dies once costs a session; that dies at the same place again and again, the run', async () => {
    const once = await world((w) =>
      w.on('trainEpoch', ({ n }) => (n === 2 ? Promise.reject(engineDied()) : undefined)),
    );
    const result = await once.toTheEnd(id(), job);
    expectWhole(result);
    expect(result.sessions[1]).toMatchObject({
      reason: 'engine-failed',
      detail: expect.stringContaining('SIGSEGV') as string,
    });
    await once.stop();

    const always = await world((w) => w.on('validate', () => Promise.reject(engineDied())));
    const failure = await failureOf(always.toTheEnd(id(), job));
    expect(failure.type).toBe('engine-failed');
    expect(failure.message).toMatch(/5 times in a row without a newer checkpoint.*SIGSEGV/);
    expect(always.openSessions).toBe(0);
  }, 120_000);

  it('a disk that is full is waited for, with longer and longer pauses (policies/failures.ts: without end)', async () => {
    const FAILURES = 6; // before the second the run may hear of a checkpoint, and begin to count anew
    const full = () => ApplicationFailure.create({ type: failureType.diskFull, message: "this host's disk is full" });
    const here = await world((w) =>
      w.on('trainEpoch', ({ n }) => (n > 1 && n <= 1 + FAILURES ? Promise.reject(full()) : undefined)),
    );
    const began = await env.currentTimeMs();
    const result = await here.toTheEnd(id(), job);
    expectWhole(result);
    expect((await env.currentTimeMs()) - began).toBeGreaterThan(14_000);
    expect(result.sessions.at(-1)).toMatchObject({
      reason: 'disk-full',
      detail: "trainEpoch: this host's disk is full",
    });
    expect(here.openSessions).toBe(0);
  });

  /** Training that ends its engine at this step, so many times. */
  const fatal = (w: WorkflowWorld, steps: readonly number[]) => {
    const left = [...steps];
    w.on('trainEpoch', ({ input }) => {
      const { from, until, suspect } = input as { from: Position; until: TrainUntil; suspect?: Suspect };
      const [step] = left;
      if (step === undefined || from.step >= step || until.step < step) return undefined;
      left.shift();
      if (suspect?.step !== step) return Promise.reject(engineDied(step));
      const told = `${suspect.deaths.length} deaths before`;
      return Promise.reject(ApplicationFailure.nonRetryable(told, failureType.poison));
    });
  };

  it('a step that ends its engine again and again ends the run, at last from the state before it', async () => {
    const here = await world((w) => fatal(w, [7, 7, 7, 7]));
    const failure = await failureOf(here.toTheEnd(id(), job));
    expect(failure).toMatchObject({ type: failureType.poison, message: '2 deaths before' });
    expect(here.called('trainEpoch').slice(-2)).toEqual(['trainEpoch 5-6', 'trainEpoch 6-10']);
    expect(here.checkpoints.at(-1)?.ref.step).toBe(6);
    expect(here.openSessions).toBe(0);
  });

  it('a last try that goes well is forgotten, and deaths at other steps do not add up', async () => {
    const twice = await world((w) => fatal(w, [7, 7]));
    expectWhole(await twice.toTheEnd(id(), job));
    expect(twice.called('trainEpoch')).toContain('trainEpoch 5-6');
    expect(twice.called('trainEpoch').slice(-2)).toEqual(['trainEpoch 10-15', 'trainEpoch 15-20']);
    await twice.stop();

    const elsewhere = await world((w) => fatal(w, [7, 8, 7, 8]));
    expectWhole(await elsewhere.toTheEnd(id(), job));
    expect(elsewhere.called('trainEpoch')).not.toContain('trainEpoch 5-6');
  }, 60_000);

  it('a host on which no engine starts is named, and another one is tried', async () => {
    let look = (): void => undefined;
    const looked = new Promise<void>((resolve) => (look = resolve));
    const sentence = 'no engine starts on gpu-1: the driver fell over';
    const here = await world((w) =>
      w.on('openSession', ({ n }) =>
        n < 3
          ? Promise.reject(ApplicationFailure.create({ type: failureType.deviceFailed, message: sentence }))
          : looked,
      ),
    );
    const handle = await here.begin(id(), job);
    await eventually('the status names it', async () => {
      const { stage, detail } = await handle.query<RunStatus>('status');
      return stage === 'wait-for-device' && detail === `openSession: ${sentence}`;
    });
    look();
    const result = (await handle.result()) as FineTuneResult;
    expectWhole(result);
    expect(result.sessions).toMatchObject([{ reason: 'session-lost', detail: `openSession: ${sentence}` }]);
  });

  it('a worker that died is told of by the next one on its host; a second word of it changes nothing', async () => {
    const said: string[] = [];
    const here = await world((w) => {
      let taskToken: Uint8Array = new Uint8Array();
      w.on('openSession', ({ n }) => {
        if (n === 1) taskToken = Context.current().info.taskToken;
        return undefined;
      });
      w.on('trainEpoch', async ({ n }) => {
        if (n !== 2) return undefined;
        const progress = { stage: 'training', position: { step: 8, epoch: 0, cursor: 8 } };
        const left = { session: 'the-first', pid: 4711, taskToken, progress, silentMs: 90_000 };
        const server = { connection: env.nativeConnection, namespace: env.namespace ?? 'default' };
        await reportLeft([left, left], server, (sentence) => said.push(sentence));
        return never();
      });
    });
    const result = await here.toTheEnd(id(), job);
    expectWhole(result);
    const detail = 'openSession: its worker (pid 4711) died';
    const from = { sequence: 2, step: 5 };
    expect(result.sessions).toMatchObject([
      { reason: 'start' },
      { reason: 'session-lost', detail, from, stepsRedone: 3 },
    ]);
    expect(result.sessions[1]!.recoveryMs).toBeGreaterThanOrEqual(90_000); // from when it was last heard of
    const over = 'session the-first is over: its worker (pid 4711) died';
    expect(said).toEqual([over, `${over}, as Temporal knows`]);
  });

  it.each(['findDataset', 'freezeLayers', 'initializeModel', 'trainEpoch'] as const)(
    'what the user must mend fails the run at once, and frees the device: %s',
    async (deed) => {
      const sentence = `${deed}: expected something else, found this: change it`;
      const here = await world((w) => w.on(deed, () => Promise.reject(userError(sentence))));
      const failure = await failureOf(here.toTheEnd(id(), job));
      expect({ type: failure.type, message: failure.message }).toEqual({ type: failureType.user, message: sentence });
      expect(here.called(deed)).toHaveLength(1);
      expect(here.openSessions).toBe(0);
      expect(here.called('findCheckpoint')).toHaveLength(0);
    },
  );

  it('stops early when validation does not improve, and keeps the best', async () => {
    const here = await world((w) => (w.losses = [0.5, 0.4, 0.45, 0.43, 0.1]));
    const stopEarly = { patience: 2 };
    const result = await here.toTheEnd(id(), { train: { epochs: 9, stopEarly }, checkpoint: { everySteps: 100 } });
    expect(result).toMatchObject({ outcome: 'stopped-early', final: { step: 40 }, best: { step: 20 } });
    expect(here.called('evaluate')).toEqual(['evaluate 20']);
  });

  it('patience is not used up twice by epochs that are done again', async () => {
    // Epoch 3 is validated, then lost before its checkpoint: it must count once.
    const here = await world((w) => {
      w.losses = [0.5, 0.4, 0.45, 0.3, 0.2];
      w.on('uploadCheckpoint', ({ n, session }) => {
        if (n !== 3) return undefined;
        return eventually('epoch 3 is validated', () => w.called('validate').includes('validate 30')).then(() => {
          session?.end();
          return never();
        });
      });
    });
    const stopEarly = { patience: 2 };
    const result = await here.toTheEnd(id(), { train: { epochs: 5, stopEarly }, checkpoint: { everySteps: 100 } });
    expect(result).toMatchObject({ outcome: 'completed', final: { step: 50 }, best: { step: 50 } });
    expect(here.called('validate').filter((call) => call === 'validate 30')).toHaveLength(2);
    expect(result.observations.map(({ loss }) => loss)).toEqual([0.5, 0.4, 0.45, 0.3, 0.2]);
  });

  it('a cancelled run gives the device back and cleans up', async () => {
    const here = await world((w) => w.on('trainEpoch', ({ n }) => (n === 2 ? never() : undefined)));
    const handle = await here.begin(id(), job);
    await eventually('the second segment trains', () => here.called('trainEpoch').length === 2);
    await handle.cancel();
    await handle.result().catch(() => undefined);
    expect((await handle.describe()).status.name).toBe('CANCELLED');
    expect(here.called('cleanUp')).toHaveLength(1);
    await eventually('the session is closed', () => here.openSessions === 0);
  });

  describe('a device that a run has left is free for the next', () => {
    const oneDevice = async (prepare: (world: WorkflowWorld) => unknown): Promise<WorkflowWorld> => {
      const made = new WorkflowWorld(env);
      prepare(made);
      await made.startFleet(1);
      onTestFinished(() => made.stop());
      return made;
    };

    it('when training is lost, and its session lives', async () => {
      const here = await oneDevice((w) =>
        w.on('trainEpoch', ({ n, stopBeating }) => {
          if (n !== 2) return undefined;
          stopBeating();
          return never();
        }),
      );
      const result = await here.toTheEnd(id(), job);
      expectWhole(result);
      expect(result.sessions).toMatchObject([
        { reason: 'start' },
        { reason: 'session-lost', detail: 'trainEpoch: no heartbeat', from: { sequence: 2, step: 5 } },
      ]);
      expect(result.sessions[1]!.recoveryMs).toBeGreaterThanOrEqual(ACTIVITY_HEARTBEAT_MS); // the time in which it was missed
      expect(here.openSessions).toBe(0);
    });

    it('when it was not heard that the session closes', async () => {
      const here = await oneDevice((w) => {
        w.hearsClose = () => ((w.hearsClose = () => Promise.resolve()), never());
        w.on('trainEpoch', ({ n }) => (n === 2 ? Promise.reject(engineDied(7)) : undefined));
      });
      const result = await here.toTheEnd(id(), job);
      expectWhole(result);
      expect(result.sessions).toMatchObject([{ reason: 'start' }, { reason: 'engine-failed' }]);
    });

    it('when the run was paused while it waited for it', async () => {
      let train = (): void => undefined;
      const trained = new Promise<void>((resolve) => (train = resolve));
      const here = await oneDevice((w) => w.on('trainEpoch', ({ n }) => (n === 1 ? trained : undefined)));
      const first = await here.begin(id(), job);
      await eventually('the first trains', () => here.called('trainEpoch').length === 1);
      const second = await here.begin(id(), job);
      const stageOf = async () => (await second.query<RunStatus>('status')).stage;
      await eventually('the second waits', async () => (await stageOf()) === 'wait-for-device');
      await second.executeUpdate('pause');
      train();
      expectWhole((await first.result()) as FineTuneResult);
      await eventually('nobody has the device', () => here.openSessions === 0);
      await second.executeUpdate('resume');
      expect(((await second.result()) as FineTuneResult).outcome).toBe('completed');
    });
  });

  it('a pause waits for the upload that is under way, and answers with it', async () => {
    let store = (): void => undefined;
    const away = new Promise<void>((resolve) => (store = resolve));
    const here = await world((w) => w.on('uploadCheckpoint', ({ n }) => (n === 2 ? away : undefined)));
    const handle = await here.begin(id(), job);
    await eventually('an upload waits for the store', () => here.called('uploadCheckpoint').length === 2);
    const paused = handle.executeUpdate<{ step: number }, []>('pause');
    await eventually('it says pausing', async () => (await handle.query<RunStatus>('status')).stage === 'pausing');
    store();
    expect((await paused).step).toBeGreaterThanOrEqual(10);
    expect(here.openSessions).toBe(0);
    await handle.executeUpdate('resume');
    expectWhole((await handle.result()) as FineTuneResult);
  });

  it.each(['pause', 'stop'])(
    'a %s is answered also when the session ends before the engine has confirmed',
    async (request) => {
      let train = (): void => undefined;
      const trained = new Promise<void>((resolve) => (train = resolve));
      const here = await world((w) => {
        w.confirmsInterrupt = never;
        w.on('trainEpoch', ({ n }) => (n === 2 ? trained : undefined));
      });
      const handle = await here.begin(id(), job);
      await eventually('the second segment trains', () => here.called('trainEpoch').length === 2);
      const answered = handle.executeUpdate<unknown, []>(request);
      await eventually('the engine is asked to stop', () => here.interrupts > 0);
      train();
      await answered;
      if (request === 'pause') await handle.executeUpdate('resume');
      const result = (await handle.result()) as FineTuneResult;
      expect(result.outcome).toBe(request === 'stop' ? 'stopped' : 'completed');
    },
    60_000,
  );

  it('features are computed once, and again only when a session was lost before they were', async () => {
    const here = await world((w) => {
      w.keepsFeatures = true;
      w.on('computeFeatures', ({ n }) => (n === 1 ? Promise.reject(engineDied()) : undefined));
      w.on('trainEpoch', ({ n }) => (n === 2 ? Promise.reject(engineDied()) : undefined));
    });
    const result = await here.toTheEnd(id(), job);
    expectWhole(result);
    expect(here.called('computeFeatures')).toHaveLength(2);
    expect(result.features).toMatchObject({ width: 4, computedRows: 100 });
    expect(result.sessions.map(({ reason }) => reason)).toEqual(['start', 'engine-failed', 'engine-failed']);
  });

  it('a worker that shuts down while features are computed is followed by another, which computes on', async () => {
    const here = await world((w) => {
      w.keepsFeatures = true;
      w.on('computeFeatures', ({ n }) => (n === 1 ? null : undefined));
    });
    const result = await here.toTheEnd(id(), job);
    expectWhole(result);
    expect(result.sessions.map(({ reason }) => reason)).toEqual(['start', 'preempted']);
  });

  it.each(['pause', 'stop'])('a %s while features are computed is heard', async (request) => {
    let interrupted = (): void => undefined;
    const waiting = new Promise<null>((resolve) => (interrupted = () => resolve(null)));
    const here = await world((w) => {
      w.keepsFeatures = true;
      w.on('computeFeatures', ({ n }) => (n === 1 ? waiting : undefined));
      w.confirmsInterrupt = () => Promise.resolve(interrupted());
    });
    const handle = await here.begin(id(), job);
    await eventually('features are computed', () => here.called('computeFeatures').length === 1);
    if (request === 'stop') {
      const failure = failureOf(handle.result());
      await handle.executeUpdate('stop');
      expect((await failure).message).toMatch(/Stopped before the first step/);
      return;
    }
    expect(await handle.executeUpdate('pause')).toMatchObject({ step: 0 });
    expect(here.openSessions).toBe(0);
    await handle.executeUpdate('resume');
    expectWhole((await handle.result()) as FineTuneResult);
    expect(here.called('computeFeatures')).toHaveLength(2);
  });

  it('a schedule gets the same validations after a cut anywhere, continue-as-new and a rewind', async () => {
    const epochs = 212;
    const sections = { train: { epochs, schedule: 'reduce-on-plateau' }, checkpoint: { everySteps: 100 } };
    const losses = Array.from({ length: epochs }, (_, i) => 1 / (1 + Math.floor(i / 9)));
    const validations = losses.map((loss, i) => ({
      ...{ loss, accuracy: 0.5, f1: 0.5, examples: 10 },
      ...{ step: 10 * (i + 1), epoch: i + 1 },
    }));
    /** What training was given, each time that it began at a step. */
    const given = new Map<number, unknown[]>();
    const here = await world((w) => {
      w.losses = losses;
      const endsSession: Parameters<WorkflowWorld['on']>[1] = ({ session }) => {
        session?.end();
        return never();
      };
      // Right after a validation, before training is done; while an upload is under way; within a validation. None where a history is full.
      w.on('trainEpoch', (call) => {
        const { from, commit } = call.input as { from: { step: number }; commit: { observations: unknown } };
        given.set(from.step, [...(given.get(from.step) ?? []), commit.observations]);
        return [7, 206].includes(call.n) ? endsSession(call) : undefined;
      });
      w.on('uploadCheckpoint', (call) => ([27, 209].includes(call.n) ? endsSession(call) : undefined));
      w.on('validate', (call) => (call.n === 60 ? endsSession(call) : undefined));
    });
    const result = await here.toTheEnd(id(), sections);
    const reasons = result.sessions.map(({ reason }) => reason);
    expect(reasons).toContain('history-full');
    // The five that end here; on a machine that is busy elsewhere a heartbeat may be late besides.
    expect(reasons.filter((reason) => reason === 'session-lost').length).toBeGreaterThanOrEqual(5);
    expect([...given.keys()].sort((a, b) => a - b)).toEqual(validations.map((_, i) => 10 * i));
    const job = tinyJobWith(sections);
    for (const [step, lists] of given) {
      const all = told(job, validations.slice(0, step / 10));
      expect(all).toHaveLength(step / 10);
      for (const list of lists) expect(list, `at step ${step}`).toEqual(all);
    }
    expect([...given.values()].filter((lists) => lists.length > 1).length).toBeGreaterThanOrEqual(3);
    expect(result.observations).toEqual(told(job, validations));
  }, 240_000);

  it('continues as new when its history is long, with sessions, metrics and best carried over', async () => {
    const here = await world((w) => (w.losses = [0.9, 0.1, 0.5]));
    const run = id();
    const result = await here.toTheEnd(run, { train: { epochs: 40 }, checkpoint: { everySteps: 100 } });
    expect(result).toMatchObject({ outcome: 'completed', final: { step: 400, stateDigest: digestAt(400) } });
    expect(result.observations).toHaveLength(40);
    expect(result.best.step).toBe(20);
    const reasons = result.sessions.map(({ reason }) => reason);
    expect(reasons.slice(0, 2)).toEqual(['start', 'history-full']);
    expect(result.sessions.slice(1).every(({ stepsRedone }) => stepsRedone === 0)).toBe(true);
    expect(here.called('trainEpoch')).toHaveLength(40); // none twice
    expect(here.called('findDataset')).toHaveLength(1);
    const described = await env.client.workflow.getHandle(run).describe();
    expect(described.historyLength).toBeLessThan(500);
    const { startedAt } = workflowState(described);
    expect(startedAt.getTime()).toBeLessThan(described.startTime.getTime()); // that of its last history
    expect(Math.abs(startedAt.getTime() - result.sessions[0]!.openedAtMs)).toBeLessThan(5_000);
  }, 120_000);
});
