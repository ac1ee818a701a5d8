import { spawn } from 'node:child_process';
import { dirname, join } from 'node:path';
import { repositoryRoot } from '../../infra/parts/root.mjs';
import { isAlive } from '../../infra/stack/process-identity.js';
import { orphansOf, reclaim, waitUntilGone } from '../../infra/stack/reclaim.js';
import { readRecord } from '../../infra/stack/record.js';
import type { RecordedProcess, StackRecord } from '../../infra/stack/record.js';
import { makeTemporaryFolder, removeFolder } from './temporary-folder.js';

/**
 * The embedded stack as a user has it: `temper up` in a process of its own, with real workers. For integration
 * tests; start it in beforeAll or in the test, and stop it in the end: `await stack.stop()`.
 */
const program = join(repositoryRoot(), 'bin', 'temper.mjs');

export interface CommandResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface TestStack {
  /** The stack's folder; its parent is the commands' directory. */
  readonly folder: string;
  readonly directory: string;
  readonly env: NodeJS.ProcessEnv;
  /** Runs `temper …` in the stack's directory to its end. */
  temper(
    args: readonly string[],
    options?: { timeoutMs?: number; input?: string; env?: NodeJS.ProcessEnv },
  ): Promise<CommandResult>;
  record(): StackRecord;
  /** The living processes: `up`, `temporal`, `s3`, `control`, `device` … */
  pids(): Readonly<Record<string, number>>;
  /** Sends the signal (default SIGKILL) to the process of that name. */
  kill(name: string, signal?: NodeJS.Signals): RecordedProcess;
  /** `temper up` (again); returns when the servers are ready and all workers poll. */
  up(args?: readonly string[], env?: NodeJS.ProcessEnv): Promise<void>;
  /** Ends everything at once and removes the folder. */
  stop(): Promise<void>;
}

export const runProgram = (
  args: readonly string[],
  { cwd, env, timeoutMs = 120_000, input }: { cwd: string; env: NodeJS.ProcessEnv; timeoutMs?: number; input?: string },
): Promise<CommandResult> =>
  new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [program, ...args], { cwd, env, timeout: timeoutMs, killSignal: 'SIGKILL' });
    let [stdout, stderr] = ['', ''];
    child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, stdout, stderr }));
    child.stdin.on('error', () => {}); // it ended without reading
    child.stdin.end(input ?? '');
  });

/** A tiny model's steps take a third less time on one thread than on two, and leave a core to the tests beside it. */
const ONE_THREAD = { TEMPER_THREADS: '1' };
/** As a user has it. */
export const ALL_THREADS = { TEMPER_THREADS: undefined };

export const startTestStack = async (
  options: { upArgs?: readonly string[]; env?: NodeJS.ProcessEnv } = {},
): Promise<TestStack> => {
  const directory = makeTemporaryFolder();
  const folder = join(directory, '.temper');
  const clean = Object.entries(process.env).filter(([name]) => !/^(TEMPORAL_|TEMPER_(S3_|HOME)|AWS_)/.test(name));
  const env: NodeJS.ProcessEnv = { ...Object.fromEntries(clean), NO_COLOR: '1', ...ONE_THREAD, ...options.env };

  const record = (): StackRecord => {
    const found = readRecord(join(folder, 'stack.json'));
    if (found === null) throw new Error(`${folder} has no record of a stack`);
    return found;
  };
  const processes = (): RecordedProcess[] => [record().supervisor, ...record().processes].filter(isAlive);
  const stack: TestStack = {
    folder,
    directory,
    env,
    record,
    temper: (args, { env: changed, ...more } = {}) =>
      runProgram(args, { cwd: dirname(folder), env: { ...env, ...changed }, ...more }),
    pids: () => Object.fromEntries(processes().map(({ name, pid }) => [name, pid])),
    kill: (name, signal = 'SIGKILL') => {
      const found = processes().find((each) => each.name === name);
      if (!found) throw new Error(`${name} does not run; these do: ${Object.keys(stack.pids()).join(', ')}`);
      process.kill(found.pid, signal);
      return found;
    },
    up: async (args = options.upArgs ?? [], env = {}) => {
      const result = await stack.temper(['up', '--detach', '--folder', folder, ...args], { timeoutMs: 180_000, env });
      if (result.code !== 0) throw new Error(`temper up failed (${result.code}): ${result.stdout}${result.stderr}`);
    },
    stop: async () => {
      const found = readRecord(join(folder, 'stack.json'));
      if (found && isAlive(found.supervisor)) {
        process.kill(found.supervisor.pid, 'SIGKILL'); // first: it would start again what we end
        await waitUntilGone([found.supervisor], 5_000);
      }
      await reclaim(orphansOf(folder, found), 0);
      removeFolder(directory);
    },
  };
  try {
    await stack.up();
  } catch (error) {
    await stack.stop();
    throw error;
  }
  return stack;
};
