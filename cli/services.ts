import type { Client } from '@temporalio/client';
import { connectTemporal, resolveConnection, type TemperConnection } from '../infra/connection.js';
import { isStoreError } from '../storage/errors.js';
import { openObjectStore, type ObjectStore } from '../storage/object-store.js';
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

/** Somebody sits and waits: a store that hangs is told of in half a minute (three tries), not after a minute and a half. */
const IDLE_MS = 10_000;

export async function withStore<Result>(use: (store: ObjectStore) => Promise<Result>): Promise<Result> {
  const store = openObjectStore({ ...(await settings()).store, timeouts: { idleMs: IDLE_MS } });
  try {
    return await use(store);
  } catch (error) {
    throw storeFailure(error);
  } finally {
    store.close();
  }
}

/** A failure of the store as the command line says it; anything else as it is. */
export function storeFailure(error: unknown): unknown {
  if (isStoreError(error, 'unreachable', 'conflict'))
    return new CliError(error.message, exitCode.unreachable, { cause: error });
  if (isStoreError(error, 'denied')) return new CliError(error.message, exitCode.unreachable, { cause: error });
  return isStoreError(error) ? new CliError(error.message, exitCode.badRequest, { cause: error }) : error;
}
