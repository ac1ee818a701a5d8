import { createHash } from 'node:crypto';
import { copyFileSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { CliError } from '../../infra/errors.js';
import { readCredentials } from '../../infra/stack/credentials.js';
import { choosePorts } from '../../infra/stack/ports.js';
import { readRecord } from '../../infra/stack/record.js';
import { shutDown } from '../../infra/stack/shut-down.js';
import { binaries, recordedProcess, stackTestFolder, startTestStackHere } from '../support/embedded-stack.js';
import { listeningAddresses } from '../support/listening.js';
import { spawnStack } from '../support/spawned-stack.js';

const takenPort = (): Promise<number> =>
  new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
    onTestFinished(() => void server.close());
  });

const refusal = async (start: Promise<unknown>): Promise<CliError> => {
  const error = await start.then(
    () => null,
    (failure: unknown) => failure,
  );
  if (!(error instanceof CliError)) throw new Error(`not refused: ${String(error)}`);
  return error;
};

describe('what up refuses, in one sentence and with exit code 2', () => {
  it('a second up in the same folder, by any name of it', async () => {
    const folder = stackTestFolder();
    await startTestStackHere({ folder });
    const error = await refusal(startTestStackHere({ folder: join(folder, '..', '.temper') }));
    expect(error.message).toBe(
      `A stack already runs in ${folder} (process ${process.pid}): use it, stop it with \`temper down\`, or start another one with --folder.`,
    );
    expect(error.code).toBe(2);
    expect(readRecord(join(folder, 'stack.json'))?.state).toBe('running');
  });

  it('a second up whose recorded first lives, though its lock is not to be seen', async () => {
    const folder = stackTestFolder();
    const { pid } = await spawnStack({ folder });
    const record = join(folder, 'stack.json');
    const elsewhere = stackTestFolder(); // another folder has another lock, as another network namespace has
    copyFileSync(record, join(elsewhere, 'stack.json'));
    const error = await refusal(startTestStackHere({ folder: elsewhere }));
    expect(error.message).toContain(`already runs in ${elsewhere} (process ${pid})`);
    await expect(shutDown({ folder: elsewhere, now: false, onStopping: () => {} })).rejects.toThrow(
      'cannot be reached',
    );
  });

  it('a second up of another version of Node: the lock has no name that is padded', async () => {
    const folder = stackTestFolder();
    await startTestStackHere({ folder });
    const hash = createHash('sha256').update(folder).digest('hex');
    expect(readFileSync('/proc/net/unix', 'utf8').split('\n')).toContainEqual(
      expect.stringMatching(new RegExp(`@temper-up-${hash}-{33}$`)),
    );
  });

  it.each([
    ['temporal', '--temporal-port'],
    ['ui', '--ui-port'],
    ['s3', '--s3-port'],
  ] as const)('a taken port that the user named for %s; nothing is started', async (name, option) => {
    const folder = stackTestFolder();
    const port = await takenPort();
    const error = await refusal(startTestStackHere({ folder, ports: { [name]: port } }));
    expect(error.message).toContain(`Port ${port} of 127.0.0.1, asked for with ${option}, is taken`);
    expect(error.code).toBe(2);
    expect(readRecord(join(folder, 'stack.json'))).toBeNull();
    await startTestStackHere({ folder }); // the lock was given back
  });

  it('one port for two servers', async () => {
    const error = await refusal(
      startTestStackHere({ folder: stackTestFolder(), ports: { temporal: 23_456, s3: 23_456 } }),
    );
    expect(error).toMatchObject({ message: expect.stringMatching(/same port, 23456/) as string, code: 2 });
  });

  it('a set-up that has not been done', async () => {
    const error = await refusal(
      startTestStackHere({ folder: stackTestFolder(), binaries: { ...binaries(), versitygw: '/nowhere/versitygw' } }),
    );
    expect(error).toMatchObject({ message: expect.stringContaining('npm run setup') as string, code: 2 });
  });

  it('a database that Temporal cannot open: what its log says, with exit code 3, and nothing left running', async () => {
    const folder = stackTestFolder();
    writeFileSync(join(folder, 'temporal.sqlite'), 'this is no database, however long one reads in it');
    const error = await refusal(startTestStackHere({ folder }));
    expect(error.message).toMatch(/temporal died 3 times in a row.*not a database/s);
    expect(error.code).toBe(3);
    expect(readRecord(join(folder, 'stack.json'))).toMatchObject({ state: 'stopped', processes: [] });
  });
});

describe('ports', () => {
  it('are those the user named', async () => {
    const ports = await choosePorts({}, null); // free ones
    const { stack } = await startTestStackHere({ folder: stackTestFolder(), ports });
    expect(stack.ports).toEqual(ports);
    expect(stack.uiUrl).toBe(`http://127.0.0.1:${ports.ui}`);
    expect((await fetch(stack.uiUrl)).status).toBe(200);
  });

  it('are others when one of last time is taken meanwhile', async () => {
    const folder = stackTestFolder();
    const first = await startTestStackHere({ folder });
    await first.stack.stop();
    const { temporal } = first.stack.ports;
    const squatter = createServer().listen(temporal, '127.0.0.1');
    onTestFinished(() => void squatter.close());
    const second = await startTestStackHere({ folder });
    expect(second.stack.ports.temporal).not.toBe(temporal);
    expect(second.stack.ports).toMatchObject({ ui: first.stack.ports.ui, s3: first.stack.ports.s3 });
  });

  it('listen on 127.0.0.1 only', async () => {
    const folder = stackTestFolder();
    await startTestStackHere({ folder });
    for (const name of ['temporal', 's3']) {
      const addresses = listeningAddresses((await recordedProcess(folder, name)).pid);
      expect(addresses.length, name).toBeGreaterThan(0);
      expect(new Set(addresses), name).toEqual(new Set(['0100007F']));
    }
  });
});

describe('the S3 secret', () => {
  it('is kept for its owner alone, stays the same, and is on no command line', async () => {
    const folder = stackTestFolder();
    const first = await startTestStackHere({ folder });
    const { secretAccessKey } = first.stack.connection.credentials;
    expect(statSync(join(folder, 's3-credentials')).mode & 0o777).toBe(0o600);
    const { pid } = await recordedProcess(folder, 's3');
    expect(readFileSync(`/proc/${pid}/cmdline`, 'utf8')).not.toContain(secretAccessKey);
    await first.stack.stop();
    const second = await startTestStackHere({ folder });
    expect(second.stack.connection.credentials.secretAccessKey).toBe(secretAccessKey);
  });

  it('is asked for in a sentence where its file is gone', async () => {
    const path = join(stackTestFolder(), 's3-credentials');
    expect((await refusal(readCredentials(path))).message).toMatch(`There is no ${path}, which \`temper up\` wrote`);
  });
});
