import type { Client } from '@temporalio/client';
import { defaultPayloadConverter } from '@temporalio/common';
import type { FineTuneInput } from '../../workflows/contract.js';
import { CliError } from '../../infra/errors.js';

/** What a run was started with: the first event of its history, which needs no worker. */
export async function runInput(client: Client, run: string): Promise<FineTuneInput> {
  const { history } = await client.workflowService.getWorkflowExecutionHistory({
    namespace: client.options.namespace,
    execution: { workflowId: run },
    maximumPageSize: 1,
  });
  const payload = history?.events?.[0]?.workflowExecutionStartedEventAttributes?.input?.payloads?.[0];
  if (!payload) throw new CliError(`Temporal does not say what ${run} was started with.`);
  return defaultPayloadConverter.fromPayload<FineTuneInput>(payload);
}
