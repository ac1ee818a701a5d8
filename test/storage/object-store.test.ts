import { createHash, randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { isStoreError, type StoreErrorKind } from '../../storage/errors.js';
import { openObjectStore, type ObjectStore } from '../../storage/object-store.js';
import { classify } from '../../storage/s3/classify.js';
import { connect } from '../../storage/s3/connection.js';
import { untilReachable } from '../../storage/until-reachable.js';
import { startFaultProxy, type FaultProxy } from '../support/s3-fault-proxy.js';
import { startS3Server, type S3Server } from '../support/s3-server.js';

let server: S3Server;
let store: ObjectStore;
let proxy: FaultProxy;
let behindProxy: ObjectStore;
let folder: string;

beforeAll(async () => {
  server = await startS3Server();
  store = server.open();
  proxy = await startFaultProxy(server.settings.endpoint);
  const timeouts = { connectMs: 300, idleMs: 300, requestMs: 2_000 };
  behindProxy = server.open({ endpoint: proxy.endpoint, timeouts });
  folder = await mkdtemp(join(tmpdir(), 'temper-store-'));
});
afterEach(() => {
  proxy.fault = () => null;
});
afterAll(async () => {
  await proxy.stop();
  await server.stop();
  await rm(folder, { recursive: true, force: true });
});

const failure = async (action: Promise<unknown>): Promise<{ kind: StoreErrorKind; message: string }> => {
  const error: unknown = await action.then(
    () => null,
    (reason: unknown) => reason,
  );
  if (!isStoreError(error)) throw new Error(`expected a StoreError, got ${String(error)}`);
  return { kind: error.kind, message: error.message };
};
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
const file = async (name: string, bytes: Uint8Array) => {
  await writeFile(join(folder, name), bytes);
  return { path: join(folder, name), sha256: sha256(bytes), bytes: bytes.byteLength };
};

test('what was put is read back, with its size and digest, until it is deleted', async () => {
  const bytes = randomBytes(1000);
  const { etag } = await store.put('a/one', bytes);
  expect(await store.get('a/one')).toEqual({ bytes, etag });
  expect(await store.head('a/one')).toEqual({ etag, bytes: 1000, sha256: sha256(bytes) });
  await store.delete(['a/one', 'a/never-there']);
  expect(await store.head('a/one')).toBeNull();
  expect(await failure(store.get('a/one'))).toMatchObject({ kind: 'missing' });
});

test('a key is created once', async () => {
  await store.putIfAbsent('once', Buffer.from('first'));
  expect(await failure(store.putIfAbsent('once', Buffer.from('second')))).toMatchObject({ kind: 'precondition' });
  expect((await store.get('once')).bytes.toString()).toBe('first');
});

test('an object is replaced only while it is what was read', async () => {
  const { etag } = await store.put('replaced', Buffer.from('1'));
  await store.putIfMatch('replaced', Buffer.from('2'), etag);
  expect(await failure(store.putIfMatch('replaced', Buffer.from('3'), etag))).toMatchObject({ kind: 'precondition' });
  expect(['missing', 'precondition']).toContain((await failure(store.putIfMatch('none', Buffer.from('3'), etag))).kind);
});

test('a listing goes beyond one page, keeps to its prefix and starts after a key', async () => {
  const keys = Array.from({ length: 1_030 }, (_, at) => `pages/${String(at).padStart(5, '0')}`);
  // Laid into the server's folder: a thousand requests would take seconds.
  await mkdir(join(server.bucketFolder, 'pages'));
  for (const key of keys) await writeFile(join(server.bucketFolder, key), 'x');
  await store.put('pages-of-another', Buffer.from('x'));
  const listed: string[] = [];
  for await (const { key } of store.list('pages/')) listed.push(key);
  expect(listed).toEqual(keys);
  const rest: string[] = [];
  for await (const { key } of store.list('pages/', { startAfter: 'pages/01027' })) rest.push(key);
  expect(rest).toEqual(['pages/01028', 'pages/01029']);
});

test('a prefix keeps two users of a bucket apart', async () => {
  const ours = server.open({ prefix: 'team-a' });
  await ours.put('shared', Buffer.from('ours'));
  await store.put('shared', Buffer.from('theirs'));
  expect((await ours.get('shared')).bytes.toString()).toBe('ours');
  const listed: string[] = [];
  for await (const { key } of ours.list('')) listed.push(key);
  expect(listed).toEqual(['shared']);
});

test('a file larger than a request goes up in parts and comes back with its digest', async () => {
  const given = await file('large', randomBytes(70 * 1024 * 1024));
  await store.putFile('large', given.path, given);
  expect(await store.head('large')).toMatchObject({ bytes: given.bytes, sha256: given.sha256 });
  await store.getToFile('large', join(folder, 'large.back'), given);
  expect(sha256(await readFile(join(folder, 'large.back')))).toBe(given.sha256);
});

test('the answer to the end of an upload in parts is lost, and the upload succeeded', async () => {
  const given = await file('large-lost', randomBytes(66 * 1024 * 1024));
  let lost = 0;
  const patient = server.open({ endpoint: proxy.endpoint });
  proxy.fault = ({ method, path }) =>
    method === 'POST' && path.includes('uploadId=') && lost++ === 0 ? { kind: 'lose-answer' } : null;
  await patient.putFile('large-lost', given.path, given);
  expect(lost).toBeGreaterThan(1);
  expect(await store.head('large-lost')).toMatchObject({ bytes: given.bytes });
});

test('uploads use buffers again, and each object is its own file, also after one that was given up in mid-body', async () => {
  const size = (i: number) => (9 - i) * 512 * 1024; // each shorter than the one before it in its buffer
  const files = await Promise.all([0, 1, 2, 3, 4, 5].map((i) => file(`again-${i}`, randomBytes(size(i)))));
  const abort = new AbortController();
  proxy.fault = ({ method }) => (method === 'PUT' ? { kind: 'hang' } : null);
  const givenUp = failure(behindProxy.putFile('again-hung', files[0]!.path, files[0]!, { signal: abort.signal }));
  await pause(50);
  abort.abort();
  expect(await givenUp).toMatchObject({ kind: 'aborted' });
  for (const pair of [
    [0, 1],
    [2, 3],
    [4, 5],
  ]) {
    await Promise.all(pair.map((i) => store.putFile(`again-${i}`, files[i]!.path, files[i]!)));
  }
  for (const [i, given] of files.entries()) {
    expect(sha256((await store.get(`again-${i}`)).bytes), `file ${i}`).toBe(given.sha256);
    expect(await store.head(`again-${i}`)).toMatchObject({ bytes: size(i), sha256: given.sha256 });
  }
});

test('a file that is not what its digest says is not uploaded, whoever finds it', async () => {
  const given = await file('damaged', randomBytes(100));
  for (const requestChecksumCalculation of ['WHEN_SUPPORTED', 'WHEN_REQUIRED'] as const) {
    const found = failure(
      server.open({ requestChecksumCalculation }).putFile('damaged', given.path, { sha256: '0'.repeat(64) }),
    );
    expect(await found, requestChecksumCalculation).toMatchObject({
      kind: 'corrupt',
      message: `${given.path} has SHA-256 ${given.sha256}, expected ${'0'.repeat(64)}: the local copy is damaged and is not uploaded`,
    });
    expect(await store.head('damaged'), requestChecksumCalculation).toBeNull();
  }
});

test('a store that does not say that it compared what arrived is not believed', async () => {
  const given = await file('not-compared', randomBytes(100));
  const through = server.open({ endpoint: proxy.endpoint });
  let puts = 0;
  const saysNothing: typeof proxy.fault = () => {
    puts++;
    return { kind: 'answer', status: 200, code: 'OK' };
  };
  const upload = (sha256: string) => through.putFile('not-compared', given.path, { sha256 });
  const damaged = {
    kind: 'corrupt',
    message: expect.stringContaining('the local copy is damaged') as string,
  };

  proxy.fault = saysNothing;
  await upload(given.sha256);
  expect(await failure(upload('0'.repeat(64)))).toMatchObject(damaged);
  expect(puts).toBe(1); // the damaged one was not sent

  proxy.fault = () => null;
  await upload(given.sha256);
  proxy.fault = saysNothing; // another store behind the same address
  expect(await failure(upload('0'.repeat(64)))).toMatchObject(damaged);
});

test('a download that does not verify leaves no file', async () => {
  const bytes = randomBytes(5_000);
  await store.put('flipped', bytes);
  proxy.fault = () => ({ kind: 'flip-answer' });
  const path = join(folder, 'downloads', 'flipped');
  const expected = { sha256: sha256(bytes), bytes: 5_000 };
  expect(await failure(behindProxy.getToFile('flipped', path, expected))).toMatchObject({ kind: 'corrupt' });
  expect(await readdir(join(folder, 'downloads'))).toEqual([]);
});

test('a body that breaks off is unreachable, not short', async () => {
  await store.put('cut', randomBytes(200_000));
  proxy.fault = () => ({ kind: 'cut-answer' });
  expect(await failure(behindProxy.get('cut'))).toMatchObject({ kind: 'unreachable' });
  expect(await failure(behindProxy.getToFile('cut', join(folder, 'cut')))).toMatchObject({ kind: 'unreachable' });
});

test('bytes damaged on their way up are refused and can be sent again', async () => {
  for (const requestChecksumCalculation of ['WHEN_SUPPORTED', 'WHEN_REQUIRED'] as const) {
    const through = server.open({ endpoint: proxy.endpoint, requestChecksumCalculation });
    proxy.fault = ({ method }) => (method === 'PUT' ? { kind: 'flip-request' } : null);
    expect(await failure(through.put('on-the-way', randomBytes(5_000)))).toMatchObject({ kind: 'unreachable' });
    expect(await store.head('on-the-way')).toBeNull();
  }
});

test('a store that hangs is given up in time', async () => {
  proxy.fault = () => ({ kind: 'hang' });
  const started = performance.now();
  expect(await failure(behindProxy.get('once'))).toMatchObject({ kind: 'unreachable' });
  expect(await failure(behindProxy.put('hang', randomBytes(10)))).toMatchObject({ kind: 'unreachable' });
  expect(performance.now() - started).toBeLessThan(10_000);
});

test('a store that drips is given up in time, though its connection is never idle', async () => {
  proxy.fault = () => ({ kind: 'drip' });
  const impatient = server.open({
    endpoint: proxy.endpoint,
    timeouts: { connectMs: 300, idleMs: 300, requestMs: 500 },
  });
  expect(await failure(impatient.get('once'))).toMatchObject({ kind: 'unreachable' });
});

test('what a request may take until its answer grows with what it sends: a minute, up to half an hour', () => {
  const { http } = connect({ region: 'here', bucket: 'b', forcePathStyle: true });
  expect(http(undefined)).toEqual({ requestTimeout: 60_000 });
  expect(http(undefined, 32 * 1024 * 1024).requestTimeout).toBeGreaterThan(1_000_000);
  expect(http(undefined, 2 ** 30).requestTimeout).toBe(1_800_000);
});

test('credentials that cannot be had are waited for: a login ran out, the metadata service is away', () => {
  for (const name of ['CredentialsProviderError', 'TokenProviderError'])
    expect(classify(Object.assign(new Error('none'), { name }), 'the bucket', false)).toMatchObject({
      kind: 'unreachable',
      message: expect.stringContaining('log in again') as string,
    });
});

test('deleting at once what another deletes succeeds', async () => {
  const keys = Array.from({ length: 40 }, (_, at) => `gone/${at}`);
  for (const key of keys) await store.put(key, Buffer.from('x'));
  await Promise.all([store.delete(keys), store.delete(keys), store.delete(keys)]);
  proxy.fault = () => ({ kind: 'answer', status: 404, code: 'NoSuchKey' });
  await behindProxy.delete(['gone/already']);
});

test.each([
  [500, 'InternalError', 'unreachable'],
  [503, 'SlowDown', 'unreachable'],
  [429, 'TooManyRequests', 'unreachable'],
  [400, 'RequestTimeout', 'unreachable'],
  [409, 'ConditionalRequestConflict', 'conflict'],
  [412, 'PreconditionFailed', 'precondition'],
  [404, 'NoSuchBucket', 'denied'],
  [404, 'XAdminUserNotFound', 'denied'],
  [403, 'AccessDenied', 'denied'],
  [403, 'RequestTimeTooSkewed', 'denied'],
  [400, 'ExpiredToken', 'unreachable'],
  [403, 'QuotaExceeded', 'unreachable'],
  [507, 'InsufficientStorage', 'unreachable'],
  [301, 'PermanentRedirect', 'denied'],
] as const)('%i %s is %s', async (status, code, kind) => {
  proxy.fault = () => ({ kind: 'answer', status, code });
  expect(await failure(behindProxy.put('answered', Buffer.from('x')))).toMatchObject({ kind });
  if (kind !== 'precondition' && kind !== 'conflict')
    expect(await failure(behindProxy.get('answered'))).toMatchObject({ kind });
});

test('an object that is being created cannot be missing', async () => {
  proxy.fault = () => ({ kind: 'answer', status: 404, code: 'NoSuchKey' });
  expect(await failure(behindProxy.put('created', Buffer.from('x')))).toMatchObject({ kind: 'conflict' });
  expect(await failure(behindProxy.putIfMatch('gone', Buffer.from('x'), '"1"'))).toMatchObject({ kind: 'missing' });
});

test('404 NoSuchKey is missing', async () => {
  proxy.fault = () => ({ kind: 'answer', status: 404, code: 'NoSuchKey' });
  expect(await failure(behindProxy.get('answered'))).toMatchObject({ kind: 'missing' });
});

test('a 404 page of some other server is not a missing object', async () => {
  proxy.fault = () => ({ kind: 'answer', status: 404, code: '' });
  expect(await failure(behindProxy.get('once'))).toMatchObject({ kind: 'denied' });
  expect(await failure(behindProxy.getToFile('once', join(folder, 'page')))).toMatchObject({ kind: 'denied' });
});

test('a signal ends a request that hangs', async () => {
  proxy.fault = () => ({ kind: 'hang' });
  const patient = server.open({ endpoint: proxy.endpoint });
  expect(await failure(patient.get('once', { signal: AbortSignal.timeout(100) }))).toMatchObject({ kind: 'aborted' });
  expect(await failure(patient.put('once', randomBytes(10), { signal: AbortSignal.abort() }))).toMatchObject({
    kind: 'aborted',
  });
});

test('nobody listens: unreachable, with where and what to do', async () => {
  const nowhere = server.open({ endpoint: 'http://127.0.0.1:9' });
  const { kind, message } = await failure(nowhere.check());
  expect(kind).toBe('unreachable');
  expect(message).toBe(
    'bucket temper-test at http://127.0.0.1:9 cannot be reached (ECONNREFUSED): check that the store runs and that the endpoint is right',
  );
});

test('wrong credentials and a missing bucket are the user’s to correct, and no secret is told', async () => {
  const secretAccessKey = 'the-wrong-secret-key';
  const sessionToken = 'a-session-token-nobody-may-read';
  const wrong = [
    server.open({ credentials: { accessKeyId: 'tester', secretAccessKey } }),
    server.open({ credentials: { accessKeyId: 'nobody', secretAccessKey } }),
    server.open({ credentials: { accessKeyId: 'nobody', secretAccessKey, sessionToken } }),
  ];
  for (const each of wrong) {
    const list = async () => void (await each.list('')[Symbol.asyncIterator]().next());
    const actions = [() => each.check(), () => each.get('once'), list, () => each.put('x', Buffer.from('x'))];
    for (const action of actions) {
      const error: unknown = await action().catch((reason: unknown) => reason);
      expect(error).toMatchObject({ kind: 'denied' });
      const told =
        JSON.stringify(error) + String(error) + String((error as Error).stack) + String((error as Error).cause);
      expect(told).toContain('credentials');
      expect(told).not.toContain(secretAccessKey);
      expect(told).not.toContain(sessionToken);
    }
  }
  const { kind, message } = await failure(server.open({ bucket: 'never-made' }).check());
  expect({ kind, message }).toMatchObject({ kind: 'denied', message: expect.stringContaining('never-made') as string });
  expect(message).toContain('create it');
});

test('an endpoint with a password in it is refused without repeating it', () => {
  const settings = { ...server.settings, endpoint: 'http://me:hunter2@127.0.0.1:1' };
  expect(() => openObjectStore(settings)).toThrow(/without a name or password/);
  expect(() => openObjectStore(settings)).not.toThrow(/hunter2/);
});

test('the server is killed in mid-upload: the wait is reported and the upload ends whole', async () => {
  const given = await file('killed', randomBytes(60 * 1024 * 1024));
  const said: number[] = [];
  const upload = untilReachable(() => store.putFile('killed', given.path, given), {
    onWaiting: ({ sinceMs }) => said.push(sinceMs),
  });
  await new Promise((resolve) => setTimeout(resolve, 80));
  await server.kill();
  await new Promise((resolve) => setTimeout(resolve, 1_500));
  await server.restart();
  await upload;
  expect(said.length).toBeGreaterThan(0);
  await store.getToFile('killed', join(folder, 'killed.back'), given);
});

test('ranges of an object are one file, which is there only when its digest is right', async () => {
  const bytes = randomBytes(100_000);
  await store.put('ranges', bytes);
  const ranges = [
    { from: 0, to: 10 },
    { from: 5, to: 5 },
    { from: 70_000, to: 100_000 },
  ];
  const wanted = Buffer.concat([bytes.subarray(0, 10), bytes.subarray(70_000)]);
  const path = join(folder, 'of-ranges', 'part');
  await store.rangesToFile('ranges', path, ranges, { sha256: sha256(wanted) });
  expect(await readFile(path)).toEqual(wanted);

  const other = join(folder, 'of-ranges', 'other');
  const refused = store.rangesToFile('ranges', other, ranges, { sha256: sha256(bytes) });
  expect(await failure(refused)).toMatchObject({ kind: 'corrupt' });
  expect((await failure(store.rangesToFile('nowhere', other, ranges, { sha256: sha256(bytes) }))).kind).toBe('missing');
  expect(await readdir(join(folder, 'of-ranges'))).toEqual(['part']);
});
