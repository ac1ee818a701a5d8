import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const execute = promisify(execFile);
const TIMEOUT_MS = 20_000;

/** What a program says of its version on its first line; undefined when it is missing or does not run. */
export const versionOf = async (command: string, args: readonly string[]): Promise<string | undefined> => {
  try {
    const { stdout } = await execute(command, args, { timeout: TIMEOUT_MS, killSignal: 'SIGKILL' });
    return /\S.*/.exec(stdout)?.[0].trim();
  } catch {
    return undefined;
  }
};

/** The version alone, out of such lines as `temporal version 1.9.1 (Server ...)` and `Version  : v1.8.0`. */
export const numberOf = (line: string): string => /\d+\.\d+[\w.+-]*/.exec(line)?.[0] ?? line;
