import { randomBytes } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { WorkflowFailedError, WorkflowIdReusePolicy, type Client } from '@temporalio/client';
import { rootCause } from '@temporalio/common';
import type { DataContext, DatasetRef } from '../../workflows/contract.js';
import { CONTROL_QUEUE } from '../../workflows/handlers.js';
import { preparationText } from '../render/preparation.js';
import { lookAtPreparation } from './look-at-preparation.js';
import { isAway } from './temporal-failure.js';

const LOOK_EVERY_MS = 500;
/** As a shell says of a program that Ctrl-C ended. */
const INTERRUPTED = 130;

/** Starts the workflow that prepares data alone, of inputs that are on S3. */
export async function startPreparation(client: Client, input: DataContext): Promise<string> {
  const { job, source } = input;
  const workflowId = `${job.name}-data-${randomBytes(4).toString('hex')}`;
  await client.workflow.start('prepareData', {
    workflowId,
    taskQueue: CONTROL_QUEUE,
    args: [input],
    workflowTaskTimeout: '5 seconds',
    workflowIdReusePolicy: WorkflowIdReusePolicy.REJECT_DUPLICATE,
    staticSummary: `${job.name}: the data of ${source.name}`,
  });
  return workflowId;
}

export type PreparationEnd =
  { readonly state: 'done'; readonly dataset: DatasetRef } | { readonly state: 'failed'; readonly message: string };

/** Waits for the end, through any absence of the server, and says what is new meanwhile. Ctrl-C ends this process alone. */
export async function followPreparation(
  client: Client,
  id: string,
  say: (line: string) => void,
): Promise<PreparationEnd> {
  const leave = () => {
    process.stderr.write(`${id} goes on in the workers; the same command looks at it again.\n`);
    process.exit(INTERRUPTED);
  };
  process.once('SIGINT', leave);
  const over = new AbortController();
  const telling = tell(client, id, say, over.signal);
  try {
    return await endOf(client, id);
  } finally {
    over.abort();
    await telling;
    process.off('SIGINT', leave);
  }
}

async function endOf(client: Client, id: string): Promise<PreparationEnd> {
  for (;;) {
    try {
      return { state: 'done', dataset: (await client.workflow.getHandle(id).result()) as DatasetRef };
    } catch (error) {
      if (error instanceof WorkflowFailedError) {
        const why = rootCause(error.cause) ?? error.cause?.message ?? 'Temporal does not say why';
        return { state: 'failed', message: why };
      }
      if (!isAway(error)) throw error;
      await pause(1_000);
    }
  }
}

async function tell(client: Client, id: string, say: (line: string) => void, over: AbortSignal): Promise<void> {
  let said = '';
  while (!over.aborted) {
    const line = preparationText(await lookAtPreparation(client, id));
    if (line !== said && !over.aborted) say(line);
    said = line;
    await pause(LOOK_EVERY_MS, undefined, { signal: over }).catch(() => undefined);
  }
}
