import { defaultPayloadConverter } from '@temporalio/common';
import { expect, test } from 'vitest';
import { heartbeatOf, type PendingActivity } from '../../cli/runs/progress.js';
import { aLook } from './a-run.js';

const progress = aLook(42).progress!;
const pending = (name: string, details: unknown, seconds = 1): PendingActivity => ({
  activityType: { name },
  heartbeatDetails: { payloads: [defaultPayloadConverter.toPayload(details)!] },
  lastHeartbeatTime: { seconds, nanos: 0 },
});

test('training speaks before the session', () => {
  const session = pending('openSession', { ...progress, stage: 'saving' });
  expect(heartbeatOf([session, pending('trainEpoch', progress)])?.progress).toEqual(progress);
  expect(heartbeatOf([session])?.progress?.stage).toBe('saving');
});

test('without a device there is no heartbeat', () => {
  expect(heartbeatOf([pending('preprocess', progress)])).toBeNull();
});

test('details that we do not know are no progress, and no failure', () => {
  expect(heartbeatOf([pending('trainEpoch', { stage: 'dreaming' })])).toMatchObject({ progress: null });
  expect(heartbeatOf([pending('trainEpoch', null)])).toMatchObject({ progress: null });
  expect(heartbeatOf([{ activityType: { name: 'trainEpoch' } }])).toMatchObject({ progress: null });
});

test('every heartbeat leaves another mark', () => {
  const mark = (seconds: number) => heartbeatOf([pending('trainEpoch', progress, seconds)])?.mark;
  expect(mark(1)).toBe(mark(1));
  expect(mark(1)).not.toBe(mark(2));
});
