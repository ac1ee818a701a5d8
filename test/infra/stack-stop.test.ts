import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { askHolder } from '../../infra/stack/lock.js';
import { isAlive } from '../../infra/stack/process-identity.js';
import { readRecord } from '../../infra/stack/record.js';
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

const notes = (folder: string, name: string): string[] =>
  stubNotes(folder, name).map((line) => line.replace(/ \d+$/, ''));
const quiet = { now: false, onStopping: () => {} };

describe('down from another terminal', () => {
  it('lets the workers drain while both servers answer, then ends everything; the next up has all data and ports', async () => {
    const folder = stackTestFolder();
    const spawned = await spawnStack({ folder, workers: [stubWorker(folder, 'device', { drainMs: 1500 })] });
    const [temporal, s3] = [await recordedProcess(folder, 'temporal'), await recordedProcess(folder, 's3')];
    await eventually('the worker runs', () => notes(folder, 'device').includes('started'));
    await leaveData(folder, spawned.ports);

    const down = shutDown({ folder, ...quiet });
    await eventually('the worker was asked', () => notes(folder, 'device').includes('asked to stop'));
    await sleep(500);
    expect([isAlive(temporal), isAlive(s3)]).toEqual([true, true]);
    expect(notes(folder, 'device')).not.toContain('drained');

    expect(await down).toEqual({ kind: 'stopped', folder, pid: spawned.pid });
    expect(notes(folder, 'device')).toEqual(['started', 'asked to stop', 'drained']);
    expect([isAlive(temporal), isAlive(s3)]).toEqual([false, false]);
    expect(await spawned.exit).toEqual({ code: 0, signal: null });
    expect(readRecord(join(folder, 'stack.json'))).toMatchObject({ state: 'stopped', processes: [] });

    const { stack } = await startTestStackHere({ folder });
    expect(stack.ports).toEqual(spawned.ports);
    expect(await findData(folder, stack.ports)).toEqual(keptData);
  });

  it('says so when nothing runs, also when there is no folder', async () => {
    const folder = stackTestFolder();
    expect(await shutDown({ folder, ...quiet })).toEqual({ kind: 'not-running', folder });
    const none = join(folder, 'none');
    expect(await shutDown({ folder: none, ...quiet })).toEqual({ kind: 'not-running', folder: none });
  });

  it('is refused to whoever cannot read the credentials', async () => {
    const folder = stackTestFolder();
    await startTestStackHere({ folder });
    const answer = await askHolder(folder, { command: 'down', authorization: 'guessed', now: true });
    expect(answer).toEqual({ error: 'not authorised' });
    expect(await askHolder(folder, { command: 'status' })).toEqual({ pid: process.pid, state: 'running' });
  });

  it('with --now does not wait for a worker that does not end', async () => {
    const folder = stackTestFolder();
    await spawnStack({ folder, graceSeconds: 600, workers: [stubWorker(folder, 'device', { drainMs: 600_000 })] });
    await eventually('the worker runs', () => notes(folder, 'device').includes('started'));
    expect(await shutDown({ folder, ...quiet, now: true })).toMatchObject({ kind: 'stopped' });
    expect(notes(folder, 'device')).not.toContain('drained');
  });
});

describe('the workers', () => {
  it('that end others well are stopped when those have ended', async () => {
    const folder = stackTestFolder();
    const workers = [
      stubWorker(folder, 'control', { stopsLast: true }),
      stubWorker(folder, 'device', { drainMs: 1000 }),
    ];
    const { stack } = await startTestStackHere({ folder, workers });
    await stack.workersReady;
    const stopped = stack.stop();
    await eventually('the device worker was asked', () => notes(folder, 'device').includes('asked to stop'));
    await sleep(300);
    expect(notes(folder, 'control')).toEqual(['started']);
    await stopped;
    expect(notes(folder, 'control')).toEqual(['started', 'asked to stop', 'drained']);
    expect(notes(folder, 'device')).toEqual(['started', 'asked to stop', 'drained']);
  });
});

describe('a signal to up', () => {
  it('stops in order; a worker that outlasts the grace is killed, and that is said', async () => {
    const folder = stackTestFolder();
    const workers = [stubWorker(folder, 'device', { drainMs: 600_000 })];
    const { process: up, exit, events } = await spawnStack({ folder, graceSeconds: 1, workers });
    await eventually('the worker runs', () => notes(folder, 'device').includes('started'));
    up.kill('SIGINT');
    expect(await exit).toEqual({ code: 0, signal: null });
    expect(events).toContainEqual({ kind: 'stopping', graceSeconds: 1 });
    expect(events).toContainEqual({ kind: 'killing', names: ['device'] });
    expect(events.at(-1)).toEqual({ kind: 'stopped' });
  });

  it('given twice, ends all at once', async () => {
    const folder = stackTestFolder();
    const workers = [stubWorker(folder, 'device', { drainMs: 600_000 })];
    const { process: up, exit } = await spawnStack({ folder, graceSeconds: 600, workers });
    const device = await recordedProcess(folder, 'device');
    await eventually('the worker runs', () => notes(folder, 'device').includes('started'));
    up.kill('SIGINT');
    await eventually('the worker was asked', () => notes(folder, 'device').includes('asked to stop'));
    up.kill('SIGINT');
    expect(await exit).toEqual({ code: 0, signal: null });
    expect(isAlive(device)).toBe(false);
  });

  it('from a terminal reaches up alone: every child has a session of its own', async () => {
    const folder = stackTestFolder();
    await startTestStackHere({ folder, workers: [stubWorker(folder, 'device')] });
    for (const name of ['temporal', 's3', 'device']) {
      const { pid } = await recordedProcess(folder, name);
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
      const session = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[3];
      expect(Number(session), name).toBe(pid);
    }
  });

  it('during the start gives it up and leaves nothing behind', async () => {
    const folder = stackTestFolder();
    const giveUp = new AbortController();
    const started = startTestStackHere({ folder, signal: giveUp.signal });
    const temporal = recordedProcess(folder, 'temporal');
    void temporal.then(() => giveUp.abort());
    await expect(started).rejects.toThrow('Stopped before the stack was ready.');
    expect(isAlive(await temporal)).toBe(false);
    expect(await askHolder(folder, { command: 'status' })).toBeNull();
  });
});
