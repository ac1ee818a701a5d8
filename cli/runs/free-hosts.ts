import type { Client } from '@temporalio/client';
import type { RunStatus } from '../../workflows/contract.js';
import { DEVICE_QUEUE, deviceQueueOf, shortClass } from '../../workflows/handlers.js';
import { pollersOf } from './pollers.js';

const ANSWER_WITHIN_MS = 3_000;

/** Device workers that ask for work. Temporal tells of one for a minute after it asked last. */
export interface FreeHosts {
  /** Where the run may go on; one whose slots are taken may still ask. */
  readonly fitting: number;
  /** Of another class than a strict run's. */
  readonly others: number;
}

/** Who could take a run that waits for a device. @throws where Temporal does not say. */
export function freeHostsFor(client: Client, { boundTo }: Pick<RunStatus, 'boundTo'>): Promise<FreeHosts> {
  return client.withDeadline(Date.now() + ANSWER_WITHIN_MS, async () => {
    const everywhere = await pollersOf(client, DEVICE_QUEUE);
    if (!boundTo) return { fitting: everywhere.size, others: 0 };
    return judged(everywhere, await pollersOf(client, deviceQueueOf(boundTo.hostClass)), boundTo.hostClass);
  });
}

/**
 * A worker asks at both queues, at each while it has room there: one whose slot of the class is taken is known by the class in its
 * identity (workers/device-part.ts). Workers of before 0.4 have none there.
 */
export function judged(everywhere: ReadonlySet<string>, ofTheClass: ReadonlySet<string>, hostClass: string): FreeHosts {
  const classOf = (identity: string) => / ([0-9a-f]{16})$/.exec(identity)?.[1] ?? null;
  const fits = (identity: string) => ofTheClass.has(identity) || classOf(identity) === shortClass(hostClass);
  return {
    fitting: [...new Set([...everywhere, ...ofTheClass])].filter(fits).length,
    others: [...everywhere].filter((identity) => !fits(identity) && classOf(identity) !== null).length,
  };
}
