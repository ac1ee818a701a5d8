import type { Client } from '@temporalio/client';
import { tsToMs } from '@temporalio/common/lib/time.js';
import type { PreparationStatus } from '../../workflows/contract.js';
import { preparationQuery } from '../../workflows/handlers.js';

/** What can be seen of a preparation from outside, at one moment. */
export interface PreparationLook {
  /** null: it has not begun, or nobody answers just now. */
  readonly status: PreparationStatus | null;
  /** What stands in its way, in words. */
  readonly trouble: string | null;
}

const ANSWER_WITHIN_MS = 3_000;
/** Longer than a worker that is there takes to take up what waits. */
const LEFT_LYING_MS = 5_000;

export async function lookAtPreparation(client: Client, id: string): Promise<PreparationLook> {
  const handle = client.workflow.getHandle(id);
  const soon = <T>(ask: () => Promise<T>): Promise<T | null> =>
    client.withDeadline(Date.now() + ANSWER_WITHIN_MS, ask).catch(() => null);
  const [status, described] = await Promise.all([
    soon(() => handle.query(preparationQuery)),
    soon(() => handle.describe()),
  ]);
  return { status, trouble: troubleOf(described?.raw.pendingActivities ?? [], Date.now()) };
}

/** As far as we read it of Temporal's PendingActivityInfo. */
export interface PendingPart {
  /** 1: it waits for a worker. */
  readonly state?: unknown;
  readonly attempt?: number | null;
  readonly scheduledTime?: Parameters<typeof tsToMs>[0];
  readonly lastFailure?: { readonly message?: string | null } | null;
}

/** Of activities that are under way none is in trouble. */
export function troubleOf(pending: readonly PendingPart[], nowMs: number): string | null {
  if (pending.length === 0 || pending.some(({ state }) => state !== 1)) return null;
  const failed = pending.find(({ attempt, lastFailure }) => (attempt ?? 1) > 1 && lastFailure?.message);
  if (failed) return `tries again after: ${failed.lastFailure?.message}`;
  const sinceMs = Math.max(...pending.map(({ scheduledTime }) => nowMs - tsToMs(scheduledTime)));
  return sinceMs > LEFT_LYING_MS ? 'no data worker takes it up: start one with temper worker --role data' : null;
}
