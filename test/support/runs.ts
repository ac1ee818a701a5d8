import { cpSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { stringify } from 'yaml';
import { exitCode } from '../../infra/errors.js';
import { repositoryRoot } from '../../infra/parts/root.mjs';
import type { FineTuneResult, RunStatus, SessionRecord, TrainProgress } from '../../workflows/contract.js';
import { ASK_MS, eventually } from './poll.js';
import { runProgram, type CommandResult, type TestStack } from './stack.js';

/** Runs of the tiny model, steered through the command line. */
const fixtures = join(repositoryRoot(), 'test', 'fixtures');

type Section = Record<string, unknown>;
export interface JobSections {
  readonly name?: string;
  readonly data?: Section;
  readonly train?: Section;
  readonly checkpoint?: Section;
  readonly [key: string]: unknown;
}

/** 48 steps an epoch, a boundary each 20, everything random in it switched on; nothing in it names this machine. */
export const tinySections = ({ data, train, checkpoint, ...rest }: JobSections = {}): Section => ({
  name: 'tiny',
  task: 'text-classification',
  model: 'file:tiny-bert',
  data: { source: 'tiny-glosses.jsonl', text: 'gloss', label: 'topic', maxLength: 24, ...data },
  train: { epochs: 6, batchSize: 4, learningRate: 1e-3, warmupSteps: 3, dropout: 0.1, ...train },
  checkpoint: { everySteps: 20, ...checkpoint },
  ...rest,
});

/** Puts the tiny model and its data into the folder, and a job file beside them; returns the file's name. */
export function writeTinyJob(directory: string, sections: JobSections = {}, file = 'tiny.yaml'): string {
  for (const name of ['tiny-bert', 'tiny-glosses.jsonl'])
    if (!existsSync(join(directory, name))) cpSync(join(fixtures, name), join(directory, name), { recursive: true });
  writeFileSync(join(directory, file), stringify(tinySections(sections)));
  return file;
}

/** One epoch of 3,072 steps without a boundary in it: what dies within it loses steps. */
export function writeLongJob(directory: string): string {
  const file = writeTinyJob(
    directory,
    {
      name: 'long',
      data: { source: 'long.jsonl' },
      train: { epochs: 1, batchSize: 1 },
      checkpoint: { everySteps: 100_000 },
    },
    'long.yaml',
  );
  const rows = readFileSync(join(directory, 'tiny-glosses.jsonl'), 'utf8');
  writeFileSync(join(directory, 'long.jsonl'), rows.repeat(16));
  return file;
}

/** What a command printed; throws with everything it said when its exit code is not the expected one. */
export function expectExit(result: CommandResult, code = 0): string {
  if (result.code === code) return result.stdout;
  throw new Error(`expected exit ${code}, found ${result.code}:\n${result.stdout}${result.stderr}`);
}

/** `temper run`; returns the run's id. */
export async function startRun(stack: TestStack, job: string): Promise<string> {
  const said = expectExit(await stack.temper(['run', job, '--json']));
  return (JSON.parse(said) as { run: string }).run;
}

export interface Ending {
  readonly code: number | null;
  readonly state: string;
  readonly message: string;
  readonly result: FineTuneResult;
}

/** `temper watch` to the run's end, whatever dies meanwhile: an absence of Temporal is outlasted by a command that has once reached it. */
export async function watchToEnd(stack: TestStack, run: string, timeoutMs = 240_000): Promise<Ending> {
  const watched = await eventually(
    'Temporal answers',
    async () => {
      const result = await stack.temper(['watch', run, '--json'], { timeoutMs });
      return (result.code !== exitCode.unreachable || result.stdout !== '') && result;
    },
    60_000,
  );
  const last = watched.stdout.trim().split('\n').at(-1) ?? '';
  const ending = parse(last) as { event?: string } | null;
  if (ending?.event !== 'end')
    throw new Error(`watch ended (${watched.code}) without the run's end:\n${last}\n${watched.stderr}`);
  return { code: watched.code, ...(ending as unknown as Omit<Ending, 'code'>) };
}

const parse = (line: string): unknown => {
  try {
    return JSON.parse(line);
  } catch {
    return null;
  }
};

export interface Explained {
  readonly sessions: readonly SessionRecord[];
  readonly cost: { readonly sessions: number; readonly recoveries: number; readonly stepsRedone: number };
}

export const explain = async (stack: TestStack, run: string): Promise<Explained> =>
  JSON.parse(expectExit(await stack.temper(['explain', run, '--json']))) as Explained;

/** A client of the stack's Temporal server, for the time of `use`. */
export async function withClient<T>(stack: TestStack, use: (client: Client) => Promise<T>): Promise<T> {
  const { ports, namespace } = stack.record();
  const connect = () => Connection.connect({ address: `127.0.0.1:${ports.temporal}`, connectTimeout: 10_000 });
  const connection = await eventually('Temporal answers', connect, 60_000);
  try {
    return await use(new Client({ connection, namespace }));
  } finally {
    await connection.close();
  }
}

/** The run's own word; null while nobody answers. */
export const askRun = (client: Client, run: string): Promise<RunStatus | null> =>
  client
    .withDeadline(Date.now() + 5_000, () => client.workflow.getHandle(run).query<RunStatus>('status'))
    .catch(() => null);

/** Waits until the run says so. Fails when it has ended before. */
export const runIs = (
  stack: TestStack,
  run: string,
  what: string,
  test: (status: RunStatus) => boolean,
  everyMs = ASK_MS,
): Promise<RunStatus> =>
  withClient(stack, async (client) => {
    const found = await eventually(
      `${run} ${what}`,
      async () => {
        const status = await askRun(client, run);
        if (status && test(status)) return status;
        const ended = status?.stage === 'finished' || (await hasEnded(client, run));
        return ended ? ('ended' as const) : null;
      },
      120_000,
      everyMs,
    );
    if (found === 'ended') throw new Error(`${run} ended before it ${what}`);
    return found;
  });

const hasEnded = async (client: Client, run: string): Promise<boolean> => {
  const { status } = await client.workflow.getHandle(run).describe();
  return status.name !== 'RUNNING' && status.name !== 'CONTINUED_AS_NEW';
};

/** Waits until training has got to this step. */
export const runReaches = (stack: TestStack, run: string, step: number): Promise<RunStatus> =>
  runIs(stack, run, `is at step ${step}`, ({ position }) => position.step >= step, CLOSE_MS);

/** For what has to happen soon after. */
const CLOSE_MS = 50;

/** Waits until the device says, by the heartbeat that `temper watch` draws, that it trains beyond this step. */
export const runTrainsBeyond = (stack: TestStack, run: string, step: number): Promise<true> =>
  eventually(
    `${run} trains beyond step ${step}`,
    async () => {
      const { progress } = JSON.parse(expectExit(await stack.temper(['status', run, '--json']))) as {
        progress: TrainProgress | null;
      };
      return progress?.stage === 'training' && progress.position.step > step;
    },
    120_000,
    ASK_MS,
  );

/** Every engine of the stack's workers: child processes, which no record names. */
export function enginePids(stack: TestStack): number[] {
  const workers = new Set(Object.entries(stack.pids()).flatMap(([name, pid]) => (/^device/.test(name) ? [pid] : [])));
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        const parent = /\) \S (\d+) /.exec(readFileSync(`/proc/${pid}/stat`, 'utf8'))?.[1];
        return workers.has(Number(parent)) && readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('engine/host/main');
      } catch {
        return false; // gone meanwhile
      }
    });
}

/** Kills with SIGKILL what is named: `engine`, or a process of the stack's record. What is being restarted is passed over. */
export function killNow(stack: TestStack, names: readonly string[]): string[] {
  return names.filter((name) => {
    try {
      if (name !== 'engine') stack.kill(name);
      else for (const pid of enginePids(stack)) process.kill(pid, 'SIGKILL');
      return true;
    } catch {
      return false;
    }
  });
}

/** `temper …` in a folder of its own, without a stack. */
export const temperIn = (cwd: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<CommandResult> => {
  const clean = Object.entries(process.env).filter(([name]) => !/^(TEMPORAL_|TEMPER_(S3_|HOME)|AWS_)/.test(name));
  return runProgram(args, { cwd, env: { ...Object.fromEntries(clean), NO_COLOR: '1', ...env } });
};

/** Terminates what still runs, so that a test that failed does not hold the device of the next one. */
export const endRuns = (stack: TestStack): Promise<void> =>
  withClient(stack, async (client) => {
    for await (const { workflowId } of client.workflow.list({ query: 'ExecutionStatus = "Running"' }))
      await client.workflow
        .getHandle(workflowId)
        .terminate('the test is over')
        .catch(() => undefined);
  });
