import type { Client } from '@temporalio/client';
import type { RunStatus } from '../../workflows/contract.js';
import { DEVICE_QUEUE, deviceQueueOf } from '../../workflows/handlers.js';
import { pollersOf } from './pollers.js';

const ANSWER_WITHIN_MS = 3_000;

/** Device workers that ask for work: a host whose slots are all taken asks no more. */
export interface FreeHosts {
  /** That the run may go on at. */
  readonly fitting: number;
  /** Of another class than a strict run's. */
  readonly others: number;
}

/** Who could take a run that waits for a device; null when it waits for none, or Temporal does not say. */
export async function freeHostsFor(client: Client, status: RunStatus | null): Promise<FreeHosts | null> {
  if (status?.stage !== 'wait-for-device') return null;
  const { boundTo } = status;
  try {
    return await client.withDeadline(Date.now() + ANSWER_WITHIN_MS, async () => {
      const all = await pollersOf(client, DEVICE_QUEUE);
      const fitting = boundTo ? await pollersOf(client, deviceQueueOf(boundTo.hostClass)) : all;
      return { fitting: fitting.size, others: [...all].filter((identity) => !fitting.has(identity)).length };
    });
  } catch {
    return null; // that Temporal is away is told by the look itself
  }
}
