import { spawn } from 'node:child_process';
import { closeSync, mkdirSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { CliError, exitCode } from '../errors.js';
import type { ExitCode } from '../errors.js';
import { stackFolder } from './folder.js';
import { lastLines, logFileOf, openLog } from './logs.js';
import { summarySchema } from './summary.js';
import type { StackSummary } from './summary.js';

const readyWithinMs = 120_000;

export interface DetachOptions {
  readonly folder: string;
  readonly entry: string;
  /** Arguments that make the program run `up` in the foreground, with `--json`. */
  readonly args: readonly string[];
}

/** Runs `up` in a session of its own with its output in a log, and returns when it says that the servers are ready. */
export const startDetached = async ({ folder, entry, args }: DetachOptions): Promise<StackSummary> => {
  const { logs } = stackFolder(folder);
  mkdirSync(logs, { recursive: true, mode: 0o700 });
  const path = logFileOf(logs, 'up');
  const log = openLog(path);
  const reader = await open(path, 'r');
  const from = (await reader.stat()).size;
  const child = spawn(process.execPath, [entry, ...args], { detached: true, stdio: ['ignore', log, log] });
  closeSync(log);
  let ended: number | null | undefined;
  child.once('error', () => (ended = null));
  child.once('exit', (code) => (ended = code));

  const deadline = performance.now() + readyWithinMs;
  try {
    for (;;) {
      const over = ended !== undefined;
      const { size } = await reader.stat();
      const { buffer, bytesRead } = await reader.read(Buffer.alloc(size - from), 0, size - from, from);
      const lines = buffer.subarray(0, bytesRead).toString('utf8').split('\n').slice(0, -1);
      const summary = lines.map(parseSummary).find((found) => found !== null);
      if (summary) return summary;
      if (over) {
        const said = lines
          .filter((line) => !line.startsWith('{'))
          .map((line) => line.replace(/^temper: /, '')) // as the command line begins its errors; ours is yet to pass it
          .join('\n');
        throw new CliError(said || `temper up ended (${ended}). Its log: ${path}`, failureCode(ended ?? null));
      }
      if (performance.now() > deadline) {
        child.kill('SIGTERM');
        throw new CliError(
          `The stack was not ready within 120 s. Its log, ${path}, ends:\n${lastLines(path, 5)}`,
          exitCode.unreachable,
        );
      }
      await sleep(50);
    }
  } finally {
    await reader.close();
    child.unref();
  }
};

const failureCode = (code: number | null): ExitCode =>
  Object.values(exitCode).find((known) => known === code && known !== exitCode.done) ?? exitCode.runFailed;

const parseSummary = (line: string): StackSummary | null => {
  try {
    return summarySchema.parse(JSON.parse(line));
  } catch {
    return null;
  }
};
