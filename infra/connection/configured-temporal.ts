import { loadClientConnectConfig } from '@temporalio/envconfig';
import type { NativeConnectionOptions } from '@temporalio/worker';
import { CliError, exitCode } from '../errors.js';

export interface TemporalSettings {
  readonly address: string;
  readonly namespace: string;
  /** For a Connection and a NativeConnection alike; holds the address. */
  readonly connectionOptions: Pick<NativeConnectionOptions, 'address' | 'tls' | 'metadata' | 'apiKey'>;
}

/** By the SDK's environment configuration; null when it names no address. */
export const configuredTemporal = (env: NodeJS.ProcessEnv): TemporalSettings | null => {
  const overrideEnvVars = Object.fromEntries(
    Object.entries(env).flatMap(([name, value]) => (value === undefined || value === '' ? [] : [[name, value]])),
  );
  let found;
  try {
    found = loadClientConnectConfig({ overrideEnvVars });
  } catch (error) {
    throw new CliError(
      `The Temporal configuration cannot be used: ${error instanceof Error ? error.message : String(error)}.`,
      exitCode.badRequest,
      { cause: error },
    );
  }
  const { address, tls, metadata, apiKey } = found.connectionOptions;
  if (!address) return null;
  return {
    address,
    namespace: found.namespace ?? 'default',
    connectionOptions: {
      address,
      ...(tls === undefined ? {} : { tls }),
      ...(metadata === undefined ? {} : { metadata }),
      ...(apiKey === undefined ? {} : { apiKey }),
    },
  };
};
