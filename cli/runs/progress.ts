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

/** The newest word of the device: from trainEpoch while it runs, else from the session itself. Null: none is held. */
export function heartbeatOf(pending: readonly PendingActivity[]): Heartbeat | null {
  const named = (name: string) => pending.find(({ activityType }) => activityType?.name === name);
  const session = named('openSession');
  const training = named('trainEpoch');
  const speaker = training ?? session;
  if (!speaker) return null;
  const mark = [training, session].map((activity) => markOf(activity)).join(' ');
  return { progress: decode(training) ?? decode(session), mark };
}

const markOf = (activity: PendingActivity | undefined): string =>
  `${String(activity?.lastHeartbeatTime?.seconds ?? '')}.${String(activity?.lastHeartbeatTime?.nanos ?? '')}`;

function decode(activity: PendingActivity | undefined): TrainProgress | null {
  const payload = activity?.heartbeatDetails?.payloads?.[0];
  if (!payload) return null;
  try {
    return progressSchema.parse(defaultPayloadConverter.fromPayload(payload));
  } catch {
    return null;
  }
}
