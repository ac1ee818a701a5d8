import { Client, Connection, isGrpcServiceError } from '@temporalio/client';
import { CliError, exitCode } from '../errors.js';
import type { TemperConnection } from './temper-connection.js';

const connectTimeoutMs = 5_000;

/** Numbers of the gRPC specification. */
const grpcStatus = { notFound: 5, permissionDenied: 7, unauthenticated: 16 } as const;

/**
 * A client whose server has answered for the namespace. Close it with `client.connection.close()`.
 * Otherwise a CliError of code `unreachable`, within seconds.
 */
export const connectTemporal = async ({ temporal, source }: TemperConnection): Promise<Client> => {
  const { address, namespace, connectionOptions } = temporal;
  let connection: Connection;
  try {
    connection = await Connection.connect({ ...connectionOptions, connectTimeout: connectTimeoutMs });
  } catch (error) {
    if (refused(error)) throw unauthorised(address, error);
    const remedy =
      source === 'embedded'
        ? '`temper doctor` tells what is the matter; or start the stack again with `temper down` and `temper up`'
        : 'Check TEMPORAL_ADDRESS or the profile, TLS and the network';
    throw new CliError(`Temporal does not answer at ${address}. ${remedy}.`, exitCode.unreachable, { cause: error });
  }
  try {
    await connection.withDeadline(Date.now() + connectTimeoutMs, () =>
      connection.workflowService.describeNamespace({ namespace }),
    );
  } catch (error) {
    await connection.close();
    if (refused(error)) throw unauthorised(address, error);
    if (isGrpcServiceError(error) && Number(error.code) === grpcStatus.notFound)
      throw new CliError(
        `Temporal at ${address} has no namespace ${namespace}: create it, or name another in TEMPORAL_NAMESPACE.`,
        exitCode.unreachable,
        { cause: error },
      );
    throw new CliError(
      `Temporal at ${address} does not answer for namespace ${namespace}: ${error instanceof Error ? error.message : String(error)}.`,
      exitCode.unreachable,
      { cause: error },
    );
  }
  return new Client({ connection, namespace });
};

const refused = (error: unknown): boolean => {
  const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
  return (
    isGrpcServiceError(cause) &&
    (Number(cause.code) === grpcStatus.permissionDenied || Number(cause.code) === grpcStatus.unauthenticated)
  );
};

const unauthorised = (address: string, cause: unknown): CliError =>
  new CliError(
    `Temporal at ${address} refuses these credentials: check TEMPORAL_API_KEY or the profile's key and certificates.`,
    exitCode.unreachable,
    { cause },
  );
