import { ApplicationFailure, WorkflowFailedError } from '@temporalio/client';
import { CancelledFailure } from '@temporalio/common';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import type { PartRange, PreparationStatus } from '../../workflows/contract.js';
import { preparationOf, preparationQuery } from '../../workflows/handlers.js';
import { failureType } from '../../workflows/policies/failures.js';
import { eventually } from '../support/poll.js';
import { WorkflowWorld, never, startWorkflowServer, userError } from '../support/workflow-world.js';

/** prepareData over activities that fail on command, alone and as the first stage of a run. */
describe('prepareData', () => {
  let env: TestWorkflowEnvironment;
  beforeAll(async () => {
    env = await startWorkflowServer();
  }, 120_000);
  afterAll(() => env.teardown());

  let runs = 0;
  const id = () => `prepared-${++runs}`;
  const world = async (prepare: (world: WorkflowWorld) => unknown): Promise<WorkflowWorld> => {
    const made = new WorkflowWorld(env);
    prepare(made);
    await made.start();
    onTestFinished(() => made.stop());
    return made;
  };
  const causeOf = async (promise: Promise<unknown>): Promise<Error> => {
    const error: unknown = await promise.then(
      () => null,
      (thrown: unknown) => thrown,
    );
    let cause: unknown = error instanceof WorkflowFailedError ? error.cause : error;
    while (cause instanceof Error && !(cause instanceof ApplicationFailure) && cause.cause) cause = cause.cause;
    return cause as Error;
  };
  const rangeOf = (input: unknown): PartRange => (input as { parts: PartRange }).parts;
  const oneEpoch = { train: { epochs: 1 }, checkpoint: { everySteps: 100 } };

  it('goes through the stages in order, and a stage begins when the one before it is whole', async () => {
    const here = await world((w) => (w.parts = 3));
    await (await here.beginPreparation(id())).result();
    const ranges = ['0-1', '1-2', '2-3'];
    expect(here.calls.slice(0, 1)).toEqual(['cutSource']);
    expect(here.calls.slice(1, 4).sort()).toEqual(ranges.map((range) => `surveyParts ${range}`));
    expect(here.calls.slice(4, 5)).toEqual(['decideDataset']);
    expect(here.calls.slice(5, 8).sort()).toEqual(ranges.map((range) => `encodeParts ${range}`));
    expect(here.calls.slice(8)).toEqual(['assembleDataset']);
  });

  it('data that are prepared are one look-up, alone and before a run', async () => {
    const here = await world((w) => (w.parts = 'prepared'));
    await (await here.beginPreparation(id())).result();
    expect(here.calls).toEqual(['cutSource']);
    await here.toTheEnd(id(), oneEpoch);
    expect(here.calls.slice(1, 3)).toEqual(['findDataset', 'initializeModel']);
  });

  it('a run whose data are not prepared has them prepared by a workflow of its own', async () => {
    const here = await world((w) => (w.parts = 2));
    const run = id();
    await here.toTheEnd(run, oneEpoch);
    expect(here.calls.slice(0, 2)).toEqual(['findDataset', 'cutSource']);
    expect(here.calls.indexOf('assembleDataset')).toBe(here.calls.indexOf('initializeModel') - 1);
    const { status } = await env.client.workflow.getHandle(preparationOf(run)).describe();
    expect(status.name).toBe('COMPLETED');
  });

  it('thousands of parts are handed out in ranges: each once, in a history that stays small', async () => {
    const here = await world((w) => (w.parts = 5_000));
    const workflow = id();
    await (await here.beginPreparation(workflow)).result();
    for (const deed of ['surveyParts', 'encodeParts'] as const) {
      const ranges = here
        .called(deed)
        .map((call) => call.split(' ')[1]!.split('-').map(Number) as [number, number])
        .sort(([a], [b]) => a - b);
      expect(ranges.length).toBeLessThanOrEqual(256);
      expect(ranges[0]![0]).toBe(0);
      expect(ranges.at(-1)![1]).toBe(5_000);
      ranges.slice(1).forEach(([from], index) => expect(from).toBe(ranges[index]![1]));
    }
    const { historyLength } = await env.client.workflow.getHandle(workflow).describe();
    expect(historyLength).toBeLessThan(4_000);
  }, 120_000);

  it('an activity that is lost is done again, and nothing else is', async () => {
    const here = await world((w) => {
      w.parts = 3;
      let failures = 0;
      w.on('encodeParts', ({ input }) => {
        if (rangeOf(input).from !== 1 || failures++ > 0) return undefined;
        throw new Error('the data thread was ended');
      });
    });
    await (await here.beginPreparation(id())).result();
    expect(here.called('surveyParts')).toHaveLength(3);
    expect(here.called('encodeParts').sort()).toEqual(
      ['0-1', '1-2', '1-2', '2-3'].map((range) => `encodeParts ${range}`),
    );
    expect(here.called('decideDataset')).toHaveLength(1);
  });

  it.each(['cutSource', 'surveyParts', 'decideDataset', 'encodeParts', 'assembleDataset'] as const)(
    'what the user must mend fails the run at once, in the same words: %s',
    async (deed) => {
      const sentence = `${deed}: expected something else, found this: change it`;
      const here = await world((w) => {
        w.parts = 1;
        w.on(deed, () => Promise.reject(userError(sentence)));
      });
      const failure = await causeOf(here.toTheEnd(id(), oneEpoch));
      expect(failure).toMatchObject({ type: failureType.user, message: sentence, nonRetryable: true });
      expect(here.called(deed)).toHaveLength(1);
      expect(here.openSessions).toBe(0);
      expect(here.called('initializeModel')).toHaveLength(0);
    },
  );

  it('of parts that are wrong the first is named, whichever was heard of first; later ones are given up', async () => {
    let heard = (): void => undefined;
    const laterFailed = new Promise<void>((resolve) => (heard = resolve));
    const here = await world((w) => {
      w.parts = 4;
      w.on('surveyParts', async ({ input }) => {
        const { from } = rangeOf(input);
        if (from === 1) {
          await laterFailed;
          throw userError('part 1 is wrong');
        }
        if (from === 2) {
          setTimeout(heard, 300); // the workflow has heard of it by then
          throw userError('part 2 is wrong');
        }
        if (from === 3) await never();
        return undefined;
      });
    });
    expect((await causeOf((await here.beginPreparation(id())).result())).message).toBe('part 1 is wrong');
    expect(here.called('decideDataset')).toHaveLength(0);
  });

  it('tells how far it is', async () => {
    let goOn = (): void => undefined;
    const waiting = new Promise<void>((resolve) => (goOn = resolve));
    const here = await world((w) => {
      w.parts = 3;
      w.on('surveyParts', ({ input }) => (rangeOf(input).from === 2 ? waiting : undefined));
    });
    const handle = await here.beginPreparation(id());
    const status = await eventually('two of three parts are done', async () => {
      const told: PreparationStatus = await handle.query(preparationQuery);
      return told.parts?.done === 2 ? told : null;
    });
    expect(status).toEqual({ stage: 'survey', parts: { done: 2, total: 3, found: 0 } });
    goOn();
    await handle.result();
    expect(await handle.query(preparationQuery)).toEqual({ stage: 'finished', parts: null });
  });

  it('a run that is cancelled takes its preparation with it', async () => {
    const here = await world((w) => {
      w.parts = 2;
      w.on('encodeParts', () => never());
    });
    const run = id();
    const handle = await here.begin(run, oneEpoch);
    await eventually('shards are written', () => here.called('encodeParts').length === 2);
    await handle.cancel();
    expect(await causeOf(handle.result())).toBeInstanceOf(CancelledFailure);
    const { status } = await env.client.workflow.getHandle(preparationOf(run)).describe();
    expect(status.name).toBe('CANCELLED');
    expect(here.called('cleanUp')).toHaveLength(1);
  });
});
