/** Exit codes of the command line: scripts rely on them (docs/cli.md). */
export const exitCode = { done: 0, runFailed: 1, badRequest: 2, unreachable: 3 } as const;
export type ExitCode = (typeof exitCode)[keyof typeof exitCode];

/** An error whose message is meant for the user: one or more plain sentences, printed without a stack. */
export class CliError extends Error {
  constructor(
    message: string,
    readonly code: ExitCode = exitCode.badRequest,
    options?: { cause?: unknown },
  ) {
    super(message, options);
    this.name = 'CliError';
  }
}
