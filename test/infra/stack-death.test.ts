import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { identify, isAlive } from '../../infra/stack/process-identity.js';
import { readRecord, writeRecord } from '../../infra/stack/record.js';
import type { StackRecord } from '../../infra/stack/record.js';
import { shutDown } from '../../infra/stack/shut-down.js';
import {
  recordedProcess,
  stackTestFolder,
  startTestStackHere,
  stubNotes,
  stubWorker,
} from '../support/embedded-stack.js';
import { findData, keptData, leaveData } from '../support/kept-data.js';
import { eventually } from '../support/poll.js';
import { spawnStack } from '../support/spawned-stack.js';

const recordOf = (folder: string): StackRecord => {
  const record = readRecord(join(folder, 'stack.json'));
  if (record === null) throw new Error('no record');
  return record;
};

/** A stack whose `up` was killed: its servers live on. */
const killedStack = async (folder: string): Promise<StackRecord> => {
  const spawned = await spawnStack({ folder, workers: [stubWorker(folder, 'control')] });
  await recordedProcess(folder, 'control');
  await eventually('the worker runs', () => stubNotes(folder, 'control').some((line) => line.startsWith('started')));
  await leaveData(folder, spawned.ports);
  spawned.process.kill('SIGKILL');
  await spawned.exit;
  return recordOf(folder);
};

const orphan = (record: StackRecord, name: string) => {
  const found = record.processes.find((each) => each.name === name);
  if (!found) throw new Error(`${name} is not recorded`);
  return found;
};

describe('after the death of up', () => {
  it('its workers end by themselves, and the next up ends its servers before it opens what they had', async () => {
    const folder = stackTestFolder();
    const before = await killedStack(folder);
    await eventually('the worker ends', () => !isAlive(orphan(before, 'control')));
    expect(stubNotes(folder, 'control').at(-1)).toMatch(/^disconnected/);
    expect([isAlive(orphan(before, 'temporal')), isAlive(orphan(before, 's3'))]).toEqual([true, true]);

    const kinds: string[] = [];
    const aliveWhenStarted: boolean[] = [];
    const { stack } = await startTestStackHere({
      folder,
      onEvent: (event) => {
        kinds.push(event.kind);
        if (event.kind === 'started') aliveWhenStarted.push(...before.processes.map(isAlive));
      },
    });
    expect(kinds[0]).toBe('reclaiming');
    expect(aliveWhenStarted).toContain(false);
    expect(aliveWhenStarted).not.toContain(true);
    expect(stack.ports).toEqual(before.ports);
    expect(await findData(folder, stack.ports)).toEqual(keptData);
  });

  it('a child that was started but not yet recorded is found by its mark', async () => {
    const folder = stackTestFolder();
    const before = await killedStack(folder);
    writeRecord(join(folder, 'stack.json'), { ...before, processes: [] });
    const { stack } = await startTestStackHere({ folder });
    expect(before.processes.map(isAlive)).not.toContain(true);
    expect(await findData(folder, stack.ports)).toEqual(keptData);
  });

  it('a process that has been given a recorded pid since is left alone', async () => {
    const folder = stackTestFolder();
    const before = await killedStack(folder);
    const stranger = spawn('sleep', ['60']);
    onTestFinished(() => void stranger.kill('SIGKILL'));
    const identity = identify('s3', stranger.pid ?? 0);
    if (identity === null) throw new Error('sleep did not start');
    writeRecord(join(folder, 'stack.json'), {
      ...before,
      processes: [...before.processes, { ...identity, startTime: '1' }],
    });
    await startTestStackHere({ folder });
    expect(isAlive(identity)).toBe(true);
  });

  it('down ends what it left, and says what', async () => {
    const folder = stackTestFolder();
    const before = await killedStack(folder);
    const result = await shutDown({ folder, now: false, onStopping: () => {} });
    expect(result.kind).toBe('reclaimed');
    expect(before.processes.map(isAlive)).not.toContain(true);
    expect(await shutDown({ folder, now: false, onStopping: () => {} })).toEqual({ kind: 'not-running', folder });
  });
});
