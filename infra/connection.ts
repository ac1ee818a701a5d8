import { CliError, exitCode } from './errors.js';
import type { StoreSettings } from '../storage/s3/connection.js';
import { configuredStore } from './connection/configured-store.js';
import { configuredTemporal } from './connection/configured-temporal.js';
import type { TemporalSettings } from './connection/configured-temporal.js';
import type { TemperConnection } from './connection/temper-connection.js';
import { readCredentials } from './stack/credentials.js';
import { findStack, requireRunning } from './stack/find.js';
import type { FoundStack } from './stack/find.js';
import { stackFolder } from './stack/folder.js';
import { addressOf, endpointOf, uiUrlOf } from './stack/record.js';

export { connectTemporal } from './connection/connect-temporal.js';
export type { TemporalSettings } from './connection/configured-temporal.js';
export type { TemperConnection } from './connection/temper-connection.js';

const nothing = 'start one with `temper up`, or set TEMPORAL_ADDRESS and TEMPER_S3_ENDPOINT';

export const resolveConnection = async (env: NodeJS.ProcessEnv, cwd: string): Promise<TemperConnection> => {
  const namesTemporal = Boolean(env['TEMPORAL_ADDRESS'] || env['TEMPORAL_PROFILE'] || env['TEMPORAL_CONFIG_FILE']);
  const namesStore = Boolean(env['TEMPER_S3_ENDPOINT'] || env['TEMPER_S3_BUCKET']);
  const stack = namesTemporal && namesStore ? null : findStack(env, cwd);
  const configured = namesTemporal || stack === null ? configuredTemporal(env) : null;
  const configuredSource = env['TEMPORAL_ADDRESS'] ? 'environment' : 'profile';

  if (namesTemporal && configured === null)
    throw new CliError(
      `${env['TEMPORAL_PROFILE'] ? `The Temporal profile ${env['TEMPORAL_PROFILE']}` : `The Temporal configuration ${env['TEMPORAL_CONFIG_FILE']}`} names no address: add one, or set TEMPORAL_ADDRESS.`,
    );
  if (stack === null) {
    if (configured === null && !namesStore)
      throw new CliError(`No stack runs here and none is configured: ${nothing}.`, exitCode.unreachable);
    if (configured === null)
      throw new CliError(
        'An S3 store is configured but no Temporal server: set TEMPORAL_ADDRESS, or start a stack with `temper up`.',
        exitCode.unreachable,
      );
    if (!namesStore)
      throw new CliError(
        `Temporal is configured (${configured.address}) but no S3 store: set TEMPER_S3_ENDPOINT, or TEMPER_S3_BUCKET for AWS.`,
        exitCode.unreachable,
      );
  } else requireRunning(stack);

  return {
    source: configured ? configuredSource : 'embedded',
    temporal: configured ?? embeddedTemporal(requireStack(stack)),
    store: namesStore ? configuredStore(env) : await embeddedStore(requireStack(stack)),
    storeSource: namesStore ? 'environment' : 'embedded',
    uiUrl: configured === null && stack ? uiUrlOf(stack.record) : null,
  };
};

const requireStack = (stack: FoundStack | null): FoundStack => {
  if (stack === null) throw new Error('no stack, though nothing else is configured');
  return stack;
};

const embeddedTemporal = ({ record }: FoundStack): TemporalSettings => {
  const address = addressOf(record);
  return { address, namespace: record.namespace, connectionOptions: { address } };
};

const embeddedStore = async ({ root, record }: FoundStack): Promise<StoreSettings> => ({
  endpoint: endpointOf(record),
  region: record.region,
  bucket: record.bucket,
  forcePathStyle: true,
  credentials: await readCredentials(stackFolder(root).credentials),
});
