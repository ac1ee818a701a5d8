import { ApplicationFailure } from '@temporalio/common';
import { MockActivityEnvironment } from '@temporalio/testing';
import { setTimeout as pause } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { asActivity } from '../../activities/as-activity.js';
import { EngineFailure } from '../../engine/failure.js';
import { failureType } from '../../workflows/policies/failures.js';

const failureOf = (error: Error): Promise<unknown> =>
  new MockActivityEnvironment().run(() => asActivity(() => Promise.reject(error))).catch((reason: unknown) => reason);

it.each(['ENOSPC: no space left on device, write', 'EDQUOT: disk quota exceeded, write'])(
  'a disk that is full is the host’s matter and not the engine’s: %s',
  async (message) => {
    for (const error of [
      new EngineFailure(`Error: ${message}\n    at writeSafetensors`, 'defect'),
      new Error(message),
    ]) {
      const failure = await failureOf(error);
      expect(failure).toBeInstanceOf(ApplicationFailure);
      expect(failure).toMatchObject({ type: failureType.diskFull, nonRetryable: false });
      expect((failure as Error).message).toBe(
        `this host's disk is full: make room in the worker's scratch folder (${error.message.split('\n')[0]})`,
      );
    }
  },
);

it('what the engine says no to is its own failure', async () => {
  expect(await failureOf(new EngineFailure('a defect', 'defect'))).toMatchObject({ name: 'EngineFailure' });
});

const heartbeatsWithin = async (ms: number, heartbeatTimeoutMs: number): Promise<number> => {
  const environment = new MockActivityEnvironment({ heartbeatTimeoutMs });
  let heartbeats = 0;
  environment.on('heartbeat', () => heartbeats++);
  await environment.run(() => asActivity(() => pause(ms)));
  return heartbeats;
};

it('heartbeats three times in the time after which it would be missed, and not more often', async () => {
  expect(await heartbeatsWithin(4_400, 4_000)).toBeGreaterThanOrEqual(3);
  expect(await heartbeatsWithin(1_100, 15_000)).toBe(1);
});
