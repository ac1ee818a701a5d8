/** A run in a world: submitted, waited for whatever dies meanwhile, and compared with the run that nobody touched. */
import { setTimeout as pause } from 'node:timers/promises';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { WorkflowFailedError, type Client } from '@temporalio/client';
import { submit, withCheckedJob } from '../../../cli/submit.js';
import { CONTROL_QUEUE } from '../../../workflows/handlers.js';
import type { FineTuneInput, FineTuneResult, RunId } from '../../../workflows/contract.js';
import { manifestOf, recomputedDigest } from '../bucket.js';
import { writeTinyJob, type JobSections } from '../runs.js';
import type { World } from './world.js';

/** 12 steps in two epochs, a boundary each 3; one checkpoint is kept, so that retention is at work all the time. */
export const smallJob: JobSections = {
  name: 'small',
  data: { maxLength: 16 },
  train: { epochs: 2, batchSize: 32 },
  checkpoint: { everySteps: 3, keep: { last: 1, best: 1 } },
};

/** What a run is started with; its data and model are in the store then. */
export async function inputOf(world: World, sections: JobSections = smallJob): Promise<FineTuneInput> {
  const path = join(world.directory, writeTinyJob(world.directory, sections));
  let input: FineTuneInput | null = null;
  const capture = {
    start: (_name: string, { args }: { args: [FineTuneInput] }) => ((input = args[0]), Promise.resolve()),
  };
  await withCheckedJob(path, (job) => submit({ workflow: capture } as unknown as Client, world.store, job));
  if (!input) throw new Error('submit started nothing');
  return input;
}

export async function startRun(world: World, input: FineTuneInput, name: string): Promise<RunId> {
  const run = name as RunId;
  await retried(() =>
    world.client.workflow.start('fineTune', {
      workflowId: run,
      taskQueue: CONTROL_QUEUE,
      args: [{ ...input, run }],
      workflowTaskTimeout: '5 seconds',
    }),
  );
  return run;
}

/** The run's result, whichever server is away meanwhile. Throws when it failed, or has not ended in time. */
export async function resultOf(world: World, run: RunId, withinMs: number): Promise<FineTuneResult> {
  const deadline = performance.now() + withinMs;
  const handle = world.client.workflow.getHandle(run);
  while (performance.now() < deadline) {
    try {
      const left = Math.min(5_000, deadline - performance.now());
      return await world.client.withDeadline(Date.now() + left, () => handle.result() as Promise<FineTuneResult>);
    } catch (error) {
      if (error instanceof WorkflowFailedError) throw new Error(`${run} failed: ${reasonOf(error)}`);
    }
    await pause(100);
  }
  await handle.terminate('it took too long').catch(() => undefined);
  throw new Error(`${run} did not end within ${Math.round(withinMs / 1000)} s`);
}

function reasonOf(error: Error): string {
  return error.cause instanceof Error ? reasonOf(error.cause) : error.message;
}

/** The server may be away just now. A start that was heard although its answer was lost is one start. */
async function retried(action: () => Promise<unknown>): Promise<void> {
  for (let tries = 0; ; tries++) {
    try {
      return void (await action());
    } catch (error) {
      if ((error as Error).name === 'WorkflowExecutionAlreadyStartedError') return;
      if (tries >= 100) throw error;
      await pause(200);
    }
  }
}

/** In what the run differs from the one that nobody touched; empty when in no bit. */
export function differences(world: World, run: RunId, result: FineTuneResult, unharmed: FineTuneResult): string[] {
  const weights = ({ model }: FineTuneResult) => model.files.find(({ name }) => name === 'model.safetensors')?.sha256;
  const compared: [string, unknown, unknown][] = [
    ['final state', result.final.stateDigest, unharmed.final.stateDigest],
    [
      'bytes in the store',
      recomputedDigest(world, manifestOf(world, run, result.final.sequence)),
      unharmed.final.stateDigest,
    ],
    ['best step', result.best.step, unharmed.best.step],
    ['best state', result.best.stateDigest, unharmed.best.stateDigest],
    ['observations', result.observations, unharmed.observations],
    ['test metrics', result.evaluation.metrics, unharmed.evaluation.metrics],
    ['published weights', weights(result), weights(unharmed)],
  ];
  return compared
    .filter(([, found, expected]) => !isDeepStrictEqual(found, expected))
    .map(([what, found, expected]) => `${what}: expected ${JSON.stringify(expected)}, found ${JSON.stringify(found)}`);
}
