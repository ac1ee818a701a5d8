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

test('the newest word is told, whoever said it', () => {
  const session = (seconds: number) => pending('openSession', { ...progress, stage: 'saving' }, seconds);
  const training = pending('trainEpoch', progress, 2);
  expect(heartbeatOf([session(1), training])?.progress).toEqual(progress);
  expect(heartbeatOf([session(3), training])?.progress?.stage).toBe('saving');
  expect(heartbeatOf([training, { activityType: { name: 'openSession' } }])?.progress).toEqual(progress);
});

test('a dead session that is not timed out yet does not speak over the one that took over', () => {
  const dead = pending('trainEpoch', progress, 5);
  const alive = [pending('openSession', { ...progress, stage: 'restoring' }, 9), dead];
  expect(heartbeatOf(alive)?.progress?.stage).toBe('restoring');
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
