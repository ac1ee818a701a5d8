import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { connectTemporal, resolveConnection } from '../../infra/connection.js';
import { stackTestFolder, startTestStackHere } from '../support/embedded-stack.js';
import { temporaryFolder } from '../support/temporary-folder.js';

/** Without the home of whoever runs the tests: a profile may be in it. */
const bare = (): NodeJS.ProcessEnv => ({ HOME: temporaryFolder() });

describe('which Temporal and which S3', () => {
  it('is the stack of this directory, or of one above it', async () => {
    const folder = stackTestFolder();
    const { stack } = await startTestStackHere({ folder });
    const below = join(dirname(folder), 'a', 'b');
    mkdirSync(below, { recursive: true });
    const found = await resolveConnection(bare(), below);
    expect(found).toMatchObject({
      source: 'embedded',
      storeSource: 'embedded',
      temporal: { address: stack.connection.address, namespace: 'default' },
      store: { endpoint: stack.connection.endpoint, bucket: 'temper', credentials: stack.connection.credentials },
      uiUrl: stack.uiUrl,
    });
    expect(await resolveConnection({ ...bare(), TEMPER_HOME: folder }, '/')).toMatchObject({ source: 'embedded' });
    const client = await connectTemporal(found);
    await client.connection.close();
  });

  it('is what the environment says, though a stack runs here', async () => {
    const folder = stackTestFolder();
    await startTestStackHere({ folder });
    const env = {
      ...bare(),
      TEMPORAL_ADDRESS: 'temporal.example.org:7233',
      TEMPORAL_NAMESPACE: 'training',
      TEMPER_S3_ENDPOINT: 'https://s3.example.org',
      TEMPER_S3_BUCKET: 'team',
      TEMPER_S3_REGION: 'eu-west-1',
      TEMPER_S3_FORCE_PATH_STYLE: 'false',
    };
    expect(await resolveConnection(env, dirname(folder))).toEqual({
      source: 'environment',
      storeSource: 'environment',
      temporal: {
        address: 'temporal.example.org:7233',
        namespace: 'training',
        connectionOptions: { address: 'temporal.example.org:7233' },
      },
      store: { endpoint: 'https://s3.example.org', bucket: 'team', region: 'eu-west-1', forcePathStyle: false },
      uiUrl: null,
    });
    expect(await resolveConnection({ ...bare(), TEMPORAL_ADDRESS: 'other:7233' }, dirname(folder))).toMatchObject({
      source: 'environment',
      storeSource: 'embedded',
      temporal: { address: 'other:7233' },
    });
  });

  it('is a profile of the Temporal configuration file', async () => {
    const home = temporaryFolder();
    const file = join(home, 'temporal.toml');
    writeFileSync(file, '[profile.cloud]\naddress = "cloud:7233"\nnamespace = "n"\napi_key = "k"\n');
    const env = { HOME: home, TEMPORAL_CONFIG_FILE: file, TEMPORAL_PROFILE: 'cloud', TEMPER_S3_BUCKET: 'mine' };
    const found = await resolveConnection(env, home);
    expect(found).toMatchObject({
      source: 'profile',
      temporal: { address: 'cloud:7233', namespace: 'n', connectionOptions: { apiKey: 'k', tls: true } },
      store: { bucket: 'mine', forcePathStyle: false },
    });
    await expect(resolveConnection({ ...env, TEMPORAL_PROFILE: 'none' }, home)).rejects.toMatchObject({
      message: expect.stringContaining("'none' not found") as string,
      code: 2,
    });
  });

  it('is asked for when there is none', async () => {
    await expect(resolveConnection(bare(), temporaryFolder())).rejects.toMatchObject({
      message: expect.stringContaining(
        'start one with `temper up`, or set TEMPORAL_ADDRESS and TEMPER_S3_ENDPOINT',
      ) as string,
      code: 3,
    });
    const half = { ...bare(), TEMPORAL_ADDRESS: 'cluster:7233' };
    await expect(resolveConnection(half, temporaryFolder())).rejects.toMatchObject({
      message: expect.stringContaining('TEMPER_S3_ENDPOINT') as string,
      code: 3,
    });
  });

  it('is not a stack that was stopped', async () => {
    const folder = stackTestFolder();
    const { stack } = await startTestStackHere({ folder });
    await stack.stop();
    await expect(resolveConnection(bare(), dirname(folder))).rejects.toMatchObject({
      message: `The stack of ${folder} was stopped: start it again with \`temper up\`, and its runs go on.`,
      code: 3,
    });
  });

  it.each([
    ['TEMPER_S3_ENDPOINT', 'localhost:9000'],
    ['TEMPER_S3_FORCE_PATH_STYLE', 'maybe'],
  ])('refuses %s=%s', async (name, value) => {
    const env = { ...bare(), TEMPORAL_ADDRESS: 'c:7233', TEMPER_S3_BUCKET: 'mine', [name]: value };
    await expect(resolveConnection(env, temporaryFolder())).rejects.toMatchObject({
      message: expect.stringContaining(`${name}: expected`) as string,
      code: 2,
    });
  });
});

describe('connecting', () => {
  it('says within seconds that nobody answers, where, and what to do', async () => {
    const env = { ...bare(), TEMPORAL_ADDRESS: '127.0.0.1:1', TEMPER_S3_BUCKET: 'mine' };
    const connection = await resolveConnection(env, temporaryFolder());
    await expect(connectTemporal(connection)).rejects.toMatchObject({
      message: 'Temporal does not answer at 127.0.0.1:1. Check TEMPORAL_ADDRESS or the profile, TLS and the network.',
      code: 3,
    });
  });

  it('says that the namespace is not there', async () => {
    const folder = stackTestFolder();
    const { stack } = await startTestStackHere({ folder });
    const env = { ...bare(), TEMPORAL_ADDRESS: stack.connection.address, TEMPORAL_NAMESPACE: 'nowhere' };
    const connection = await resolveConnection(env, dirname(folder));
    await expect(connectTemporal(connection)).rejects.toMatchObject({
      message: expect.stringContaining('no namespace nowhere') as string,
      code: 3,
    });
  });
});
