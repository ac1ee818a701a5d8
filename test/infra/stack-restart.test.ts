import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { stackFolder } from '../../infra/stack/folder.js';
import { isAlive } from '../../infra/stack/process-identity.js';
import {
  recordedProcess,
  stackTestFolder,
  startTestStackHere,
  stubEnvironment,
  stubNotes,
  stubWorker,
} from '../support/embedded-stack.js';
import { findData, keptData, leaveData } from '../support/kept-data.js';
import { eventually } from '../support/poll.js';

describe('what dies is started again', () => {
  it.each(['temporal', 's3'])('%s, killed, answers again on its port with its data', async (name) => {
    const folder = stackTestFolder();
    const { stack, events } = await startTestStackHere({ folder });
    await leaveData(folder, stack.ports);
    const first = await recordedProcess(folder, name);
    process.kill(first.pid, 'SIGKILL');
    const second = await recordedProcess(folder, name, first);
    expect(isAlive(first)).toBe(false);
    await eventually(`${name} is ready again`, () => events.filter((e) => e.kind === 'ready' && e.name === name)[1]);
    expect(await findData(folder, stack.ports)).toEqual(keptData);
    expect(events).toContainEqual(expect.objectContaining({ kind: 'died', name, how: 'SIGKILL', restartInMs: 0 }));
    expect(events).toContainEqual({ kind: 'started', name, pid: second.pid });
  });

  it("Temporal's database keeps a write-ahead log", async () => {
    const folder = stackTestFolder();
    await startTestStackHere({ folder });
    const header = readFileSync(stackFolder(folder).database).subarray(18, 20);
    expect([...header]).toEqual([2, 2]); // by SQLite's file format: 1 is a rollback journal, 2 is WAL
  });

  it('a worker, killed, is started again; the others are left alone', async () => {
    const folder = stackTestFolder();
    const workers = [stubWorker(folder, 'control'), stubWorker(folder, 'device')];
    const { stack } = await startTestStackHere({ folder, workers });
    await stack.workersReady;
    const [control, device] = [await recordedProcess(folder, 'control'), await recordedProcess(folder, 'device')];
    process.kill(device.pid, 'SIGKILL');
    const next = await recordedProcess(folder, 'device', device);
    await eventually('the new one runs', () => stubNotes(folder, 'device').includes(`started ${next.pid}`));
    expect(isAlive(control)).toBe(true);
    expect(stubNotes(folder, 'control')).toEqual([`started ${control.pid}`]);
  });

  it('all at once come back', async () => {
    const folder = stackTestFolder();
    const { stack, events } = await startTestStackHere({ folder, workers: [stubWorker(folder, 'control')] });
    await stack.workersReady;
    await leaveData(folder, stack.ports);
    const before = await Promise.all(['temporal', 's3', 'control'].map((name) => recordedProcess(folder, name)));
    for (const each of before) process.kill(each.pid, 'SIGKILL');
    await Promise.all(before.map((each) => recordedProcess(folder, each.name, each)));
    await eventually('all are ready again', () => events.filter((e) => e.kind === 'ready').length === 6);
    expect(await findData(folder, stack.ports)).toEqual(keptData);
  });

  it('one that cannot run is tried after longer and longer pauses, and its log is named', async () => {
    const folder = stackTestFolder();
    const { events } = await startTestStackHere({ folder, workers: [stubWorker(folder, 'device', { fails: true })] });
    const deaths = await eventually('four deaths', () => {
      const found = events.filter((event) => event.kind === 'died');
      return found.length >= 4 && found;
    });
    expect(deaths.slice(0, 4).map((death) => death.restartInMs)).toEqual([0, 500, 1000, 2000]);
    expect(deaths[3]).toMatchObject({ how: 'exit code 7', logFile: `${folder}/logs/device.log` });
  });
});

describe('what a worker is given', () => {
  it('is where the servers are, and nothing of another cluster', async () => {
    const folder = stackTestFolder();
    const env = { ...process.env, TEMPORAL_API_KEY: 'cloud', AWS_SESSION_TOKEN: 'cloud', TEMPER_CACHE: '/cache' };
    const { stack } = await startTestStackHere({ folder, env, workers: [stubWorker(folder, 'device')] });
    await stack.workersReady;
    const { connection } = stack;
    expect(stubEnvironment(folder, 'device')).toMatchObject({
      TEMPORAL_ADDRESS: connection.address,
      TEMPORAL_NAMESPACE: 'default',
      TEMPER_S3_ENDPOINT: connection.endpoint,
      TEMPER_S3_BUCKET: 'temper',
      TEMPER_S3_REGION: 'us-east-1',
      AWS_ACCESS_KEY_ID: connection.credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: connection.credentials.secretAccessKey,
      TEMPER_SCRATCH: `${folder}/scratch`,
      TEMPER_CACHE: '/cache',
      TEMPER_GRACE_SECONDS: '5',
    });
    expect(stubEnvironment(folder, 'device')).not.toHaveProperty('TEMPORAL_API_KEY');
    expect(stubEnvironment(folder, 'device')).not.toHaveProperty('AWS_SESSION_TOKEN');
  });
});
