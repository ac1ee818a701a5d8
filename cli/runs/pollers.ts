import type { Client } from '@temporalio/client';

/** Numbers of Temporal's TaskQueueType. */
export const queueType = { workflows: 1, activities: 2 } as const;
/** Temporal remembers a poller for 5 minutes; one that lives, and has room for work, asks every minute at least. */
const POLLS_EVERY_MS = 70_000;

/** Workers that ask a task queue for work, by their identities. */
export async function pollersOf(
  { options: { namespace }, workflowService }: Client,
  name: string,
  taskQueueType: number = queueType.activities,
): Promise<ReadonlySet<string>> {
  const { pollers } = await workflowService.describeTaskQueue({ namespace, taskQueue: { name }, taskQueueType });
  const recent = (pollers ?? []).filter(
    ({ lastAccessTime }) => Date.now() - 1_000 * Number(lastAccessTime?.seconds ?? 0) < POLLS_EVERY_MS,
  );
  return new Set(recent.map(({ identity }) => identity ?? ''));
}
