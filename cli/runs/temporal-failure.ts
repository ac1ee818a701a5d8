import { isGrpcServiceError, WorkflowUpdateRPCTimeoutOrCancelledError } from '@temporalio/client';
import { WorkflowNotFoundError } from '@temporalio/common';
import { CliError, exitCode } from '../../infra/errors.js';

/** Numbers of the gRPC specification. */
const grpc = { cancelled: 1, deadlineExceeded: 4, failedPrecondition: 9, unavailable: 14 } as const;

/** The server did not answer in time; it says nothing about the run. */
export const isAway = (error: unknown): boolean =>
  error instanceof WorkflowUpdateRPCTimeoutOrCancelledError ||
  hasStatus(error, grpc.cancelled, grpc.deadlineExceeded, grpc.unavailable);

/** The run's workflow fails whenever a worker takes it up: the server does not even pass a query on. */
export const isStuck = (error: unknown): boolean =>
  hasStatus(error, grpc.failedPrecondition) && /Workflow Task in failed state/i.test(causeOf(error).message);

export const isNotFound = (error: unknown): boolean => error instanceof WorkflowNotFoundError;

/** A failure of Temporal as the command line says it; anything else as it is. */
export const temporalFailure = (error: unknown): unknown =>
  isAway(error)
    ? new CliError('Temporal does not answer any more: try again when it is back.', exitCode.unreachable, {
        cause: error,
      })
    : error;

function hasStatus(error: unknown, ...codes: readonly number[]): boolean {
  const cause = causeOf(error);
  return isGrpcServiceError(cause) && codes.includes(Number(cause.code));
}

const causeOf = (error: unknown): Error => {
  const cause = error instanceof Error ? (error.cause ?? error) : error;
  return cause instanceof Error ? cause : new Error(String(cause));
};
