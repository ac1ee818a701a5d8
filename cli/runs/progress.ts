import { defaultPayloadConverter, type Payload } from '@temporalio/common';
import { z } from 'zod';
import type { TrainProgress } from '../../workflows/contract.js';

const whole = z.number().int().nonnegative();
const figure = z.number().nullable();

/** Heartbeats of trainEpoch and openSession. A worker of another version may say something else: then nothing is shown. */
export const progressSchema: z.ZodType<TrainProgress> = z.object({
  stage: z.enum(['restoring', 'compiling', 'computing-features', 'training', 'saving', 'waiting-for-store']),
  position: z.object({ step: whole, epoch: whole, cursor: whole }),
  loss: figure,
  learningRate: figure,
  examplesPerSecond: figure,
  waiting: z.number().optional(),
  rows: z.object({ done: whole, total: whole }).optional(),
});

/** As far as we read it of Temporal's PendingActivityInfo. */
export interface PendingActivity {
  readonly activityType?: { readonly name?: string | null } | null;
  readonly heartbeatDetails?: { readonly payloads?: Payload[] | null } | null;
  readonly lastHeartbeatTime?: { readonly seconds?: unknown; readonly nanos?: unknown } | null;
}

export interface Heartbeat {
  readonly progress: TrainProgress | null;
  /** Changes with every heartbeat. */
  readonly mark: string;
}

/**
 * The newest word of the device: from trainEpoch or from the session itself, which says the same and more often. A dead host's
 * are there for some seconds beside its successor's. Null: none is held.
 */
export function heartbeatOf(pending: readonly PendingActivity[]): Heartbeat | null {
  const speakers = pending.filter(({ activityType }) => SPEAKERS.has(activityType?.name ?? ''));
  const newest = speakers.sort((a, b) => heardAtMs(b) - heardAtMs(a))[0];
  if (!newest) return null;
  return { progress: decode(newest), mark: String(heardAtMs(newest)) };
}

const SPEAKERS: ReadonlySet<string> = new Set(['openSession', 'trainEpoch']);

/** Zero: not yet. */
const heardAtMs = ({ lastHeartbeatTime }: PendingActivity): number =>
  Number(lastHeartbeatTime?.seconds ?? 0) * 1000 + Number(lastHeartbeatTime?.nanos ?? 0) / 1e6;

function decode(activity: PendingActivity): TrainProgress | null {
  const payload = activity.heartbeatDetails?.payloads?.[0];
  if (!payload) return null;
  try {
    return progressSchema.parse(defaultPayloadConverter.fromPayload(payload));
  } catch {
    return null;
  }
}
