import { WorkflowUpdateFailedError, type WorkflowHandle } from '@temporalio/client';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import type { Adjustment, FineTuneResult, JobChanges, SessionActivities } from '../../workflows/contract.js';
import { eventually } from '../support/poll.js';
import { WorkflowWorld, digestAt, never, startWorkflowServer } from '../support/workflow-world.js';

type Train = Parameters<SessionActivities['trainEpoch']>[0];

/** Adjustments of the fineTune workflow, over activities that stop and fail on command. */
describe('adjust', () => {
  let env: TestWorkflowEnvironment;
  beforeAll(async () => {
    env = await startWorkflowServer(['--dynamic-config-value', 'limit.historyCount.suggestContinueAsNew=400']);
  }, 120_000);
  afterAll(() => env.teardown());

  let runs = 0;
  const id = () => `adjusted-${++runs}`;
  const world = async (prepare: (world: WorkflowWorld) => unknown): Promise<WorkflowWorld> => {
    const made = new WorkflowWorld(env);
    prepare(made);
    await made.start();
    onTestFinished(() => made.stop());
    return made;
  };
  const job = { train: { epochs: 2 }, checkpoint: { everySteps: 5 } };
  const adjust = (handle: WorkflowHandle, changes: JobChanges | Record<string, unknown>) =>
    handle.executeUpdate<readonly Adjustment[], [object]>('adjust', { args: [changes] });
  const refused = async (handle: WorkflowHandle, changes: object): Promise<string> => {
    const error: unknown = await adjust(handle, changes as JobChanges).catch((thrown: unknown) => thrown);
    if (!(error instanceof WorkflowUpdateFailedError)) throw new Error(`expected a refusal, found ${String(error)}`);
    return error.cause?.message ?? '';
  };

  /** The second segment, from step 5 on, trains until the engine is interrupted, and then says that it is at step 7. */
  const interruptedAt7 = (w: WorkflowWorld) => {
    let interrupted = (): void => undefined;
    const asked = new Promise<void>((resolve) => (interrupted = resolve));
    w.confirmsInterrupt = () => Promise.resolve(interrupted());
    const inputs: Train[] = [];
    w.on('trainEpoch', async ({ n, input, session }) => {
      inputs.push(input as Train);
      if (n !== 2) return undefined;
      await asked;
      const { lineage } = (input as Train).context;
      const reached = { kind: 'snapshot', session: session?.name, folder: '/snapshots/7', bytes: 1, lineage };
      const stats = { steps: 2, examples: 1, trainSeconds: 1, meanLoss: 1 };
      const at = { stateDigest: digestAt(7), step: 7, epoch: 0, cursor: 7 };
      return { kind: 'trained', reason: 'interrupted', reached: { ...reached, ...at }, stats };
    });
    return inputs;
  };

  it('holds from the step reached, and from that step also when the run goes back to before it', async () => {
    let inputs: Train[] = [];
    const here = await world((w) => {
      inputs = interruptedAt7(w);
      // The checkpoint of step 7 is never stored: the run goes back to step 5.
      w.on('uploadCheckpoint', ({ n, session }) => {
        if (n !== 2) return undefined;
        session?.end();
        return never();
      });
    });
    const handle = await here.begin(id(), job);
    await eventually('the second segment trains', () => inputs.length === 2);
    const made = [{ fromStep: 7, changes: { learningRate: 0.5 } }];
    expect(await adjust(handle, { learningRate: 0.5 })).toEqual(made);
    const result = (await handle.result()) as FineTuneResult;
    expect(result).toMatchObject({ outcome: 'completed', adjustments: made, final: { step: 20 } });
    expect(result.sessions.map(({ reason }) => reason)).toEqual(['start', 'session-lost']);
    const [again] = here.called('trainEpoch').slice(-4);
    expect(again).toBe('trainEpoch 5-7'); // cut where the adjustment begins to hold
    expect(here.called('trainEpoch').slice(-3)).toEqual(['trainEpoch 7-10', 'trainEpoch 10-15', 'trainEpoch 15-20']);
    expect(inputs.slice(0, 2).map(({ context }) => context.adjustments)).toEqual([undefined, undefined]);
    for (const { context } of inputs.slice(-4)) expect(context.adjustments).toEqual(made);
  });

  it('another checkpoint interval cuts the steps after it anew, and each cut is stored', async () => {
    const here = await world((w) => void interruptedAt7(w));
    const handle = await here.begin(id(), job);
    await eventually('the second segment trains', () => here.called('trainEpoch').length === 2);
    const made = [{ fromStep: 7, changes: { checkpointSteps: 4 } }];
    expect(await adjust(handle, { checkpointSteps: 4 })).toEqual(made);
    const result = (await handle.result()) as FineTuneResult;
    expect(result).toMatchObject({ outcome: 'completed', adjustments: made, final: { step: 20 } });
    const after = here.called('trainEpoch').slice(2);
    expect(after).toEqual([
      'trainEpoch 7-8',
      'trainEpoch 8-10',
      'trainEpoch 10-12',
      'trainEpoch 12-16',
      'trainEpoch 16-20',
    ]);
    expect(here.checkpoints.map(({ ref }) => ref.step)).toEqual(expect.arrayContaining([8, 12, 16, 20]));
  });

  it('an adjustment that comes while the run looks for its checkpoint has it look again: what was found is of before it', async () => {
    let [looks, tell] = [0, (): void => undefined];
    const told = new Promise<void>((resolve) => (tell = resolve));
    const heard: unknown[] = [];
    const here = await world((w) => {
      w.on('uploadCheckpoint', ({ n, session }) => {
        if (n !== 2) return undefined;
        session?.end();
        return never();
      });
      w.on('findCheckpoint', async ({ n, input }) => {
        heard.push((input as { adjustments?: readonly Adjustment[] }).adjustments);
        looks = n;
        if (n === 1) await told;
        return undefined;
      });
    });
    const handle = await here.begin(id(), job);
    await eventually('the run looks for its checkpoint', () => looks === 1);
    const made = await adjust(handle, { learningRate: 0.5 });
    tell();
    const result = (await handle.result()) as FineTuneResult;
    expect(result).toMatchObject({ outcome: 'completed', adjustments: made, final: { step: 20 } });
    expect(heard).toEqual([undefined, made]);
  });

  it('epochs hold from the next epoch on: answered at once, without interrupting, and carried as long as the run', async () => {
    let train = (): void => undefined;
    const trained = new Promise<void>((resolve) => (train = resolve));
    const here = await world((w) => w.on('trainEpoch', ({ n }) => (n === 1 ? trained : undefined)));
    const handle = await here.begin(id(), { train: { epochs: 2 }, checkpoint: { everySteps: 100 } });
    await eventually('the first epoch trains', () => here.called('trainEpoch').length === 1);
    expect(await adjust(handle, { epochs: 40 })).toEqual([{ fromStep: 10, changes: { epochs: 40 } }]);
    expect(here.interrupts).toBe(0);
    train();
    const result = (await handle.result()) as FineTuneResult;
    expect(result).toMatchObject({ outcome: 'completed', final: { step: 400 } });
    expect(result.adjustments).toEqual([{ fromStep: 10, changes: { epochs: 40 } }]);
    expect(result.sessions.map(({ reason }) => reason)).toContain('history-full');
  });

  it('a paused run is adjusted where it stands; what is impossible is refused in a sentence', async () => {
    let inputs: Train[] = [];
    const here = await world((w) => (inputs = interruptedAt7(w)));
    const handle = await here.begin(id(), job);
    await eventually('the second segment trains', () => inputs.length === 2);
    await handle.executeUpdate('pause');
    expect(await refused(handle, {})).toMatch(/^Nothing to change was named: expected learningRate, epochs,/);
    expect(await refused(handle, { learningRat: 1 })).toMatch(/^learningRat cannot be changed in a run: expected/);
    expect(await refused(handle, { learningRate: 2 })).toMatch(
      /^learningRate: expected a number above 0 and at most 1, found 2/,
    );
    expect(await refused(handle, { batchSize: 1.5 })).toMatch(/^batchSize: expected a whole number from 1, found 1.5/);
    expect(await refused(handle, { batchSize: 1_000_000 })).toMatch(
      /^batchSize: expected at most \d+, the rows to train on, found 1000000/,
    );
    expect(await refused(handle, { patience: 3 })).toMatch(/^patience: the job has no train.stopEarly/);
    expect(await adjust(handle, { learningRate: 0.5, epochs: 1 })).toEqual([
      { fromStep: 7, changes: { learningRate: 0.5 } },
      { fromStep: 10, changes: { epochs: 1 } },
    ]);
    expect(await adjust(handle, { epochs: 3 })).toEqual([{ fromStep: 10, changes: { epochs: 3 } }]); // the later one counts
    await handle.executeUpdate('resume');
    expect(await handle.result()).toMatchObject({ outcome: 'completed', final: { step: 30 } });
    await expect(adjust(handle, { epochs: 4 })).rejects.toThrow();
  });

  it('epochs below what is done are refused; a run whose training is over has nothing to adjust', async () => {
    let [train, publish] = [(): void => undefined, (): void => undefined];
    const [trained, published] = [new Promise<void>((go) => (train = go)), new Promise<void>((go) => (publish = go))];
    const here = await world((w) =>
      w
        .on('trainEpoch', ({ n }) => (n === 3 ? trained : undefined))
        .on('publishModel', () => published.then(() => undefined)),
    );
    const handle = await here.begin(id(), { ...job, train: { epochs: 3 } });
    await eventually('the second epoch trains', () => here.called('trainEpoch').length === 3);
    expect(await refused(handle, { epochs: 1 })).toMatch(
      /^epochs: 2 are done or under way, expected at least 2, found 1;/,
    );
    expect(await adjust(handle, { epochs: 2 })).toEqual([{ fromStep: 20, changes: { epochs: 2 } }]);
    train();
    await eventually('the model is published', () => here.called('publishModel').length === 1);
    expect(await refused(handle, { epochs: 5 })).toBe('Training is over: there is nothing left to adjust.');
    publish();
    expect(await handle.result()).toMatchObject({ outcome: 'completed', final: { step: 20 } });
  });

  it('patience counts from the step on which it was changed, and only from there', async () => {
    const sections = { train: { epochs: 9, stopEarly: { patience: 6 } }, checkpoint: { everySteps: 100 } };
    let train = (): void => undefined;
    const trained = new Promise<void>((resolve) => (train = resolve));
    const here = await world((w) => {
      w.losses = [0.4, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5];
      w.confirmsInterrupt = () => Promise.resolve(train());
      w.on('trainEpoch', ({ n }) => (n === 4 ? trained : undefined));
    });
    const handle = await here.begin(id(), sections);
    await eventually('the fourth epoch trains', () => here.called('trainEpoch').length === 4);
    expect(await adjust(handle, { patience: 4 })).toEqual([{ fromStep: 40, changes: { patience: 4 } }]);
    expect(await handle.result()).toMatchObject({ outcome: 'stopped-early', final: { step: 50 }, best: { step: 10 } });
  });
});
