import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { WorkflowUpdateFailedError, type Client, type WorkflowHandle } from '@temporalio/client';
import { ApplicationFailure, type UpdateDefinition } from '@temporalio/common';
import { failureType } from '../../workflows/policies/failures.js';
import { CliError } from '../../infra/errors.js';
import { stageOf, troubleOf } from '../render/stage.js';
import { moment } from '../render/units.js';
import { endWhenReachable } from './ending.js';
import { lookAt, unseen } from './look.js';
import { isAway, isNotFound } from './temporal-failure.js';
import { whileWaiting } from './waiting.js';
import { describeRun, type WorkflowState } from './workflow-state.js';

const TELL_EVERY_MS = 5_000;

/** @throws CliError when the run has ended: how, and when. */
export async function requireRunning(client: Client, run: string): Promise<WorkflowState> {
  const workflow = await describeRun(client, run);
  if (workflow.state === 'running') return workflow;
  throw await hasEnded(client, workflow);
}

export async function hasEnded(client: Client, { run, closedAt }: WorkflowState): Promise<CliError> {
  const { message } = await endWhenReachable(client, run);
  return new CliError(
    `${message.replace(/\.$/, '')}${closedAt ? ` (ended ${moment(closedAt)})` : ''}: nothing to steer any more.`,
  );
}

/**
 * Asks a running run for something and waits for its answer, telling on stderr what it waits for. The request has an id:
 * sent again after an absence of the server, it is still one request. @throws CliError when the run refuses it.
 */
export const ask = <Result>(client: Client, run: string, update: UpdateDefinition<Result, []>): Promise<Result> =>
  answered(client, run, (handle, updateId) => handle.executeUpdate(update, { updateId }));

export const askWith = <Result, Input>(
  client: Client,
  run: string,
  update: UpdateDefinition<Result, [Input]>,
  input: Input,
): Promise<Result> =>
  answered(client, run, (handle, updateId) => handle.executeUpdate(update, { updateId, args: [input] }));

async function answered<Result>(
  client: Client,
  run: string,
  send: (handle: WorkflowHandle, updateId: string) => Promise<Result>,
): Promise<Result> {
  await requireRunning(client, run);
  const updateId = randomUUID();
  const handle = client.workflow.getHandle(run);
  return whileWaiting(answer(), TELL_EVERY_MS, () => tellStage(client, run));

  async function answer(): Promise<Result> {
    for (;;) {
      try {
        return await send(handle, updateId);
      } catch (error) {
        if (isNotFound(error) || error instanceof WorkflowUpdateFailedError) {
          await requireRunning(client, run); // ended meanwhile: that is the answer
          throw isRefusal(error) ? new CliError(`${run}: ${error.cause.message}`) : error;
        }
        if (!isAway(error)) throw error;
        await pause(1_000);
      }
    }
  }
}

const isRefusal = (error: unknown): error is Error & { readonly cause: ApplicationFailure } =>
  error instanceof Error && error.cause instanceof ApplicationFailure && error.cause.type === failureType.user;

/** One line on stderr: what the run is at, and what stands in its way. */
export async function tellStage(client: Client, run: string): Promise<void> {
  const look = await lookAt(client, unseen(run));
  const trouble = troubleOf(look);
  process.stderr.write(`${run}: ${trouble ?? stageOf(look)}\n`);
}
