import { expect, test } from 'vitest';
import { stageOf } from '../../cli/render/stage.js';
import type { Look } from '../../cli/runs/look.js';
import type { Fingerprint, RunStatus } from '../../workflows/contract.js';
import { aLook } from './a-run.js';

const boundTo = {
  ...{ digest: 'd'.repeat(64), hostClass: 'c'.repeat(64), libtensorflow: '2.21.0', stepCompiler: '1' },
  ...{ device: 'cpu', cpu: 'EPYC [avx2 fma]', intraOpThreads: 2, interOpThreads: 1, mathMode: 'float32' },
} as Fingerprint;

const waits = (freeHosts: Look['freeHosts'], changes: Partial<RunStatus> = {}): string =>
  stageOf({ ...aLook(110, { stage: 'wait-for-device', ...changes }), progress: null, freeHosts });

test.each([
  ['a host is free, and about to take it', { fitting: 1, others: 0 }, boundTo, 'waiting for a device'],
  ['Temporal does not say', null, boundTo, 'waiting for a device'],
  [
    'none asks for work',
    { fitting: 0, others: 0 },
    null,
    'waiting for a device: no device worker asks for work: all are busy, or none runs',
  ],
  [
    'none asks for work, and the run is strict',
    { fitting: 0, others: 0 },
    boundTo,
    'waiting for a device: no device worker asks for work: all are busy, or none of ' +
      'libtensorflow 2.21.0, step compiler 1, EPYC [avx2 fma], float32 (class cccccccccccccccc) runs',
  ],
  [
    'others are free',
    { fitting: 0, others: 2 },
    boundTo,
    'waiting for a device: 2 free hosts would give other bits (docs/exactness.md): a strict run goes on where it began, on ' +
      'libtensorflow 2.21.0, step compiler 1, EPYC [avx2 fma], float32 (class cccccccccccccccc)',
  ],
])('a run that waits says why: %s', (_, freeHosts, boundTo, says) => {
  expect(waits(freeHosts, { boundTo })).toBe(says);
});

test('of a run of before 0.4 nothing is known that would bind it', () => {
  expect(waits({ fitting: 0, others: 0 })).toContain('all are busy, or none runs');
});
