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
export async function freeHostsFor(client: Client, { boundTo }: Pick<RunStatus, 'boundTo'>): Promise<FreeHosts> {
  // A worker asks at both queues, at each while it has room there.
  const queues = [DEVICE_QUEUE, ...(boundTo ? [deviceQueueOf(boundTo.hostClass)] : [])];
  const asking = await client.withDeadline(Date.now() + ANSWER_WITHIN_MS, () =>
    Promise.all(queues.map((queue) => pollersOf(client, queue))),
  );
  return judged(new Set(asking.flatMap((identities) => [...identities])), boundTo?.hostClass ?? null);
}

/** By the identities of workers (workers/device-part.ts). Workers of before 0.4 do not say their class: they count as neither. */
export function judged(identities: ReadonlySet<string>, hostClass: string | null): FreeHosts {
  if (hostClass === null) return { fitting: identities.size, others: 0 };
  const classes = [...identities].flatMap((identity) => / ([0-9a-f]{16})$/.exec(identity)?.[1] ?? []);
  const fitting = classes.filter((each) => each === shortClass(hostClass)).length;
  return { fitting, others: classes.length - fitting };
}
