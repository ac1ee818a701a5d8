import { connectTemporal, resolveConnection } from '../../infra/connection.js';
import type { WorkersReport } from '../../infra/doctor.js';
import { CONTROL_QUEUE, DATA_QUEUE, DEVICE_QUEUE } from '../../workflows/handlers.js';
import { pollersOf, queueType } from './pollers.js';

const ANSWER_WITHIN_MS = 5_000;

/** Workers that ask for work, by role; null: Temporal does not say. */
export async function pollingWorkers(): Promise<WorkersReport | null> {
  try {
    const client = await connectTemporal(await resolveConnection(process.env, process.cwd()));
    try {
      return await client.withDeadline(Date.now() + ANSWER_WITHIN_MS, async () => ({
        control: (await pollersOf(client, CONTROL_QUEUE, queueType.workflows)).size,
        data: (await pollersOf(client, DATA_QUEUE)).size,
        device: (await pollersOf(client, DEVICE_QUEUE)).size,
      }));
    } finally {
      await client.connection.close();
    }
  } catch {
    return null; // which services there are, and what is wrong with them, is told apart
  }
}
