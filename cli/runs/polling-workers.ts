import { connectTemporal, resolveConnection } from '../../infra/connection.js';
import type { WorkersReport } from '../../infra/doctor.js';
import { CONTROL_QUEUE, DATA_QUEUE, DEVICE_QUEUE } from '../../workflows/handlers.js';

const ANSWER_WITHIN_MS = 5_000;
/** Numbers of Temporal's TaskQueueType. */
const queueType = { workflows: 1, activities: 2 } as const;
/** Temporal remembers a poller for 5 minutes; one that lives asks every minute at least. */
const POLLS_EVERY_MS = 70_000;

/** Workers that ask for work, by role; null: Temporal does not say. */
export async function pollingWorkers(): Promise<WorkersReport | null> {
  try {
    const client = await connectTemporal(await resolveConnection(process.env, process.cwd()));
    const { namespace } = client.options;
    const pollers = async (name: string, taskQueueType: number): Promise<number> => {
      const asked = { namespace, taskQueue: { name }, taskQueueType };
      const { pollers: found } = await client.workflowService.describeTaskQueue(asked);
      const recent = (found ?? []).filter(
        ({ lastAccessTime }) => Date.now() - 1_000 * Number(lastAccessTime?.seconds ?? 0) < POLLS_EVERY_MS,
      );
      return new Set(recent.map(({ identity }) => identity)).size;
    };
    try {
      return await client.withDeadline(Date.now() + ANSWER_WITHIN_MS, async () => ({
        control: await pollers(CONTROL_QUEUE, queueType.workflows),
        data: await pollers(DATA_QUEUE, queueType.activities),
        device: await pollers(DEVICE_QUEUE, queueType.activities),
      }));
    } finally {
      await client.connection.close();
    }
  } catch {
    return null; // which services there are, and what is wrong with them, is told apart
  }
}
