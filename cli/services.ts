import type { Client } from '@temporalio/client';
import type { Buckets } from '../activities/source/objects.js';
import { connectTemporal, resolveConnection, type TemperConnection } from '../infra/connection.js';
import { isStoreError } from '../storage/errors.js';
import type { ObjectStore } from '../storage/object-store.js';
import { CliError, exitCode } from '../infra/errors.js';

/** The two services a command talks to. A command that needs one of them opens only that. */
export const settings = (): Promise<TemperConnection> => resolveConnection(process.env, process.cwd());

export async function withTemporal<Result>(
  use: (client: Client, settings: TemperConnection) => Promise<Result>,
): Promise<Result> {
  const resolved = await settings();
  const client = await connectTemporal(resolved);
  try {
    return await use(client, resolved);
  } finally {
    await client.connection.close();
  }
}

/** The SDK takes a quarter of a second to load, and most commands ask Temporal alone. */
const objectStores = () => import('../storage/object-store.js');

/** Somebody sits and waits: a store that hangs is told of in half a minute (three tries), not after a minute and a half. */
const IDLE_MS = 10_000;

export async function withStore<Result>(use: (store: ObjectStore) => Promise<Result>): Promise<Result> {
  const { openObjectStore } = await objectStores();
  const store = openObjectStore({ ...(await settings()).store, timeouts: { idleMs: IDLE_MS } });
  try {
    return await use(store);
  } catch (error) {
    throw storeFailure(error);
  } finally {
    store.close();
  }
}

/** Another bucket of the store that this directory has. */
export const anyBucket: Buckets['withBucket'] = async (bucket, use) =>
  (await objectStores()).withBucket((await settings()).store, bucket, use);

/** A failure of the store as the command line says it; anything else as it is. */
export function storeFailure(error: unknown): unknown {
  if (isStoreError(error, 'unreachable', 'conflict'))
    return new CliError(error.message, exitCode.unreachable, { cause: error });
  if (isStoreError(error, 'denied')) return new CliError(error.message, exitCode.unreachable, { cause: error });
  return isStoreError(error) ? new CliError(error.message, exitCode.badRequest, { cause: error }) : error;
}
