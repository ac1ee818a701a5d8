import { CliError, exitCode } from '../errors.js';
import { ensureCredentials } from './credentials.js';
import type { StackFolder } from './folder.js';
import { authorizationOf } from './lock.js';
import type { StackLock } from './lock.js';
import { member } from './member.js';
import type { Member } from './member.js';
import { choosePorts } from './ports.js';
import { bootId, identify } from './process-identity.js';
import { orphansOf, reclaim, stackMark } from './reclaim.js';
import { readRecord, writeRecord } from './record.js';
import type { StackRecord } from './record.js';
import {
  bucket,
  namespace,
  probeS3,
  probeTemporal,
  region,
  s3Spec,
  temporalSpec,
  writeTemporalProfile,
} from './servers.js';
import { defaultGraceSeconds } from './stack.js';
import type { Stack, StackConnection, StackOptions } from './stack.js';
import { stopMembers, stopOrder } from './stop.js';
import { workerSpec } from './workers.js';

/** Everything after the folder's lock was taken. Ends with the lock given back, by whoever stops the stack. */
export const runStack = async (folder: StackFolder, lock: StackLock, options: StackOptions): Promise<Stack> => {
  const { onEvent, binaries, graceSeconds = defaultGraceSeconds } = options;
  const before = readRecord(folder.record);
  const orphans = orphansOf(folder.root, before);
  if (orphans.length > 0) {
    onEvent({ kind: 'reclaiming', processes: orphans.map(({ name, pid }) => ({ name, pid })) });
    await reclaim(orphans);
  }
  const ports = await choosePorts(options.ports ?? {}, before?.ports ?? null);
  const credentials = await ensureCredentials(folder.credentials);
  const env = { ...(options.env ?? process.env), [stackMark]: folder.root };
  const context = { folder, ports, credentials, env };

  const self = identify('up', process.pid);
  if (self === null) throw new Error('/proc does not show this process');
  const members: Member[] = [];
  let state: StackRecord['state'] = 'starting';
  const startedAt = new Date().toISOString();
  const save = (): void =>
    writeRecord(folder.record, {
      ...{ version: 1, state, folder: folder.root, bootId: bootId(), supervisor: self, startedAt },
      ...{ ports, namespace, bucket, region },
      processes: members.flatMap(({ process: { name, pid } }) => (pid && identify(name, pid)) || []),
    });
  const become = (next: StackRecord['state']): void => {
    state = next;
    save();
  };
  const hooks = { onEvent, changed: save };
  const add = (made: Member): Member => {
    members.push(made);
    made.process.start();
    return made;
  };

  let settle: () => void = () => {};
  const finished = new Promise<void>((resolve) => (settle = resolve));
  let stopping: Promise<void> | null = null;
  const stop = async ({ now = false } = {}): Promise<void> => {
    if (now) for (const { process } of members) process.kill();
    stopping ??= (async () => {
      become('stopping');
      await stopMembers(members, stopOrder(options.workers), now ? 0 : graceSeconds, onEvent);
      become('stopped');
      await lock.release();
      onEvent({ kind: 'stopped' });
      settle();
    })();
    await stopping;
  };

  lock.answer((request) => {
    if (request.command === 'status') return { pid: process.pid, state };
    if (request.authorization !== authorizationOf(credentials)) return { error: 'not authorised' };
    void stop({ now: request.now });
    return { pid: process.pid, graceSeconds };
  });

  const givenUp = new Promise<never>((_resolve, reject) => {
    const give = (): void => reject(new CliError('Stopped before the stack was ready.', exitCode.runFailed));
    if (options.signal?.aborted) give();
    options.signal?.addEventListener('abort', give, { once: true });
    void finished.then(give);
  });
  givenUp.catch(() => {}); // later than the start nobody waits for it
  try {
    save();
    await writeTemporalProfile(context);
    const temporal = add(member(temporalSpec(binaries.temporal, context), () => probeTemporal(context), hooks));
    const s3 = add(member(s3Spec(binaries.versitygw, context), () => probeS3(context), hooks));
    await Promise.race([Promise.all([temporal.firstReady, s3.firstReady]), givenUp]);
  } catch (error) {
    await stop({ now: true });
    throw error;
  }
  const workers = options.workers.map((worker) => add(member(workerSpec(worker, context, graceSeconds), null, hooks)));
  become('running');

  const connection: StackConnection = {
    ...{ folder, address: `127.0.0.1:${ports.temporal}`, namespace },
    ...{ endpoint: `http://127.0.0.1:${ports.s3}`, bucket, region, credentials },
  };
  const workersReady = Promise.all(workers.map((worker) => worker.firstReady)).then(() => {});
  workersReady.catch(() => {}); // its failure is for those who wait for it
  return { connection, uiUrl: `http://127.0.0.1:${ports.ui}`, ports, workersReady, stop, finished };
};
