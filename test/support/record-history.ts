/**
 * Records the histories that test/workflows/replay.test.ts replays, from real runs on a stack of its own:
 *
 *     npm run build && node dist/test/support/record-history.js NAME…
 *
 * They go into the folder of this version (test/fixtures/histories/0.4), once: a history of a version that runs may have been begun under stays
 * as it is. Record what the version has and no other: what is new in it, what `patched()` marks. Nothing in the files names this machine.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { ApplicationFailure } from '@temporalio/activity';
import { z } from 'zod';
import { partPaths } from '../../infra/parts.mjs';
import { repositoryRoot } from '../../infra/parts/root.mjs';
import type { PartRange, Position, Suspect, TrainUntil } from '../../workflows/contract.js';
import { preparationOf } from '../../workflows/handlers.js';
import { failureType } from '../../workflows/policies/failures.js';
import { eventually } from './poll.js';
import { SMALL_PARTS, writeDataJob, writeRows } from './preparations.js';
import { expectExit, killNow, runTrainsBeyond, startRun, watchToEnd, writeLongJob, writeTinyJob } from './runs.js';
import { scheduleIs } from './schedules.js';
import { ALL_THREADS, startTestStack, type TestStack } from './stack.js';
import { WorkflowWorld, engineDied, never, startWorkflowServer } from './workflow-world.js';

/** Of this version, whose code makes them: `0.4`. */
const packageSchema = z.object({ version: z.string().regex(/^\d+\.\d+\./) });
const { version } = packageSchema.parse(JSON.parse(readFileSync(join(repositoryRoot(), 'package.json'), 'utf8')));
const fixtures = join(repositoryRoot(), 'test', 'fixtures', 'histories', version.split('.').slice(0, 2).join('.'));

/** The same words for every machine: in text, and inside payloads, which are base64 of JSON. */
function scrub(value: unknown, words: (text: string) => string): unknown {
  if (typeof value === 'string') return words(value);
  if (value === null || typeof value !== 'object') return value;
  if (Array.isArray(value)) return value.map((each) => scrub(each, words));
  const entries = Object.entries(value as Record<string, unknown>);
  const isPayload = 'metadata' in value && 'data' in value;
  return Object.fromEntries(
    entries.map(([name, each]) => {
      if (isPayload && name === 'metadata') return [name, each];
      if (!isPayload || name !== 'data' || typeof each !== 'string') return [name, scrub(each, words)];
      const text = Buffer.from(each, 'base64').toString('utf8');
      return [name, Buffer.from(words(text)).toString('base64')];
    }),
  );
}

interface Place {
  readonly address: string;
  /** A path that is nobody's business. */
  readonly directory: string;
}

interface Recorded {
  readonly run: string;
  /** The run's, or that of the firing it came of. */
  readonly workflow?: string;
  /** Which of a run that continued as new; left out: the last. */
  readonly execution?: string;
}

function record({ address, directory }: Place, name: string, { run, workflow = run, execution }: Recorded): void {
  const which = execution === undefined ? [] : ['--run-id', execution];
  const args = ['workflow', 'show', '--workflow-id', workflow, ...which, '--address', address, '--output', 'json'];
  const history = execFileSync(partPaths().temporalCli, [...args, '--no-json-shorthand-payloads'], {
    encoding: 'utf8',
    maxBuffer: 2 ** 26,
  });
  const words = (text: string) =>
    text
      .replaceAll(directory, '/project')
      .replaceAll(realpathSync(join(repositoryRoot(), 'node_modules')), '/temper/node_modules')
      .replaceAll(repositoryRoot(), '/temper')
      .replaceAll(/\d+@[A-Za-z0-9.-]+/g, '1@host')
      .replaceAll(`"host":"${hostname()}"`, '"host":"host"')
      .replaceAll(run, workflow === run ? `tiny-${name}` : run);
  const events = scrub(JSON.parse(history), words);
  mkdirSync(fixtures, { recursive: true });
  writeFileSync(join(fixtures, `${name}.json`), `${JSON.stringify(events)}\n`, { flag: 'wx' });
}

const plain = (directory: string): string =>
  writeTinyJob(directory, { train: { epochs: 2 }, checkpoint: { everySteps: 30 } });

interface Begun {
  readonly run: string;
  readonly workflow: string;
}

/** What is recorded: how each run comes about. */
const histories: Readonly<Record<string, (stack: TestStack) => Promise<string | Begun>>> = {
  undisturbed: (stack) => startRun(stack, plain(stack.directory)),
  'kept-features': (stack) => {
    const frozen = { freeze: 'all', train: { epochs: 2, dropout: 0 }, checkpoint: { everySteps: 30 } };
    return startRun(stack, writeTinyJob(stack.directory, frozen, 'features.yaml'));
  },
  'session-lost': async (stack) => {
    const run = await startRun(stack, writeLongJob(stack.directory));
    await runTrainsBeyond(stack, run, 100);
    killNow(stack, ['device']);
    return run;
  },
  'engine-failed': async (stack) => {
    const run = await startRun(stack, writeLongJob(stack.directory));
    await runTrainsBeyond(stack, run, 100);
    killNow(stack, ['engine']);
    return run;
  },
  preempted: async (stack) => {
    const run = await startRun(stack, writeLongJob(stack.directory));
    await runTrainsBeyond(stack, run, 100);
    stack.kill('device', 'SIGTERM');
    return run;
  },
  adjusted: async (stack) => {
    const longer = { train: { epochs: 4 }, checkpoint: { everySteps: 100_000 } };
    const run = await startRun(stack, writeTinyJob(stack.directory, longer, 'adjusted.yaml'));
    await runTrainsBeyond(stack, run, 5);
    expectExit(await stack.temper(['adjust', run, '--learning-rate', '5e-4', '--batch-size', '8']));
    return run;
  },
  paused: async (stack) => {
    const run = await startRun(stack, plain(stack.directory));
    expectExit(await stack.temper(['pause', run]));
    expectExit(await stack.temper(['resume', run]));
    return run;
  },
  firing: async (stack) => {
    expectExit(await stack.temper(['schedule', 'create', 'tiny', plain(stack.directory), '--every', '365d']));
    const said = expectExit(await stack.temper(['schedule', 'trigger', 'tiny', '--json']));
    const { run } = JSON.parse(said) as { run: string };
    await scheduleIs(stack, 'tiny', 'has no run', ({ running }) => running.length === 0);
    return { run, workflow: run.replace(/T(\d{2})-(\d{2})-/, 'T$1:$2:') };
  },
};

const wanted = process.argv.slice(2);
const isWanted = (name: string): boolean => wanted.includes(name);
if (wanted.length === 0) throw new Error('expected the names of the histories to record, found none');

if (Object.keys(histories).some(isWanted)) {
  const stack = await startTestStack({ env: ALL_THREADS });
  try {
    for (const [name, begin] of Object.entries(histories).filter(([name]) => isWanted(name))) {
      const begun = await begin(stack);
      const recorded = typeof begun === 'string' ? { run: begun } : begun;
      await watchToEnd(stack, recorded.run);
      const address = `127.0.0.1:${stack.record().ports.temporal}`;
      record({ address, directory: stack.directory }, name, recorded);
    }
  } finally {
    await stack.stop();
  }
}

/** A run whose data are of several parts, and the workflow that prepares them. */
if (['of-parts', 'preparation'].some(isWanted)) {
  const stack = await startTestStack({ env: { ...SMALL_PARTS } });
  try {
    writeRows(stack.directory, 240);
    const job = writeDataJob(stack.directory, { train: { epochs: 1 }, checkpoint: { everySteps: 30 } });
    const run = await startRun(stack, job);
    await watchToEnd(stack, run);
    const place = { address: `127.0.0.1:${stack.record().ports.temporal}`, directory: stack.directory };
    if (isWanted('of-parts')) record(place, 'of-parts', { run });
    if (isWanted('preparation')) record(place, 'preparation', { run, workflow: preparationOf(run) });
  } finally {
    await stack.stop();
  }
}

/** Over a make-believe device: what takes a long run, or an engine that dies at will. */
async function inWorld(
  serverArgs: string[],
  start: (world: WorkflowWorld) => Promise<WorkflowWorld>,
  use: (world: WorkflowWorld, place: Place) => Promise<void>,
): Promise<void> {
  const env = await startWorkflowServer(serverArgs);
  const world = await start(new WorkflowWorld(env));
  try {
    await use(world, { address: env.address, directory: '/project' });
  } finally {
    await world.stop();
    await env.teardown();
  }
}

if (isWanted('preparation-refused')) {
  await inWorld(
    [],
    (world) => world.start(),
    async (world, place) => {
      world.parts = 7;
      world.on('surveyParts', ({ input }) => {
        const { from } = (input as { parts: PartRange }).parts;
        const refused = ApplicationFailure.nonRetryable('row 81 is no row', failureType.user);
        if (from === 2) return Promise.reject(refused);
        return from === 4 ? never() : undefined; // given up then
      });
      const handle = await world.beginPreparation('refused');
      await handle.result().catch(() => undefined);
      record(place, 'preparation-refused', { run: 'refused' });
    },
  );
}
if (isWanted('left-session')) {
  await inWorld(
    [],
    (world) => world.startFleet(1),
    async (world, place) => {
      world.on('trainEpoch', ({ n, stopBeating }) => {
        if (n !== 2) return undefined;
        stopBeating();
        return never(); // lost, while its session lives
      });
      await world.toTheEnd('forsaken', { train: { epochs: 1 }, checkpoint: { everySteps: 5 } });
      record(place, 'left-session', { run: 'forsaken' });
    },
  );
}
if (['disk-full', 'adjusted-while-looking'].some(isWanted)) {
  await inWorld(
    [],
    (world) => world.start(),
    async (world, place) => {
      const job = { train: { epochs: 1 }, checkpoint: { everySteps: 5 } };
      const full = ApplicationFailure.create({ type: failureType.diskFull, message: "this host's disk is full" });
      world.on('trainEpoch', ({ n }) => (n === 2 || n === 3 ? Promise.reject(full) : undefined));
      await world.toTheEnd('filled', job);
      if (isWanted('disk-full')) record(place, 'disk-full', { run: 'filled' });

      let [looks, tell] = [0, (): void => undefined];
      const told = new Promise<void>((resolve) => (tell = resolve));
      world.on('trainEpoch', ({ n }) => (n === 6 ? Promise.reject(engineDied(7)) : undefined));
      world.on('findCheckpoint', async () => {
        looks += 1;
        if (looks === 1) await told;
        return undefined;
      });
      const handle = await world.begin('steered', job);
      await eventually('the run looks for its checkpoint', () => looks === 1);
      await handle.executeUpdate('adjust', { args: [{ learningRate: 0.5 }] });
      tell();
      await handle.result();
      if (isWanted('adjusted-while-looking')) record(place, 'adjusted-while-looking', { run: 'steered' });
    },
  );
}
if (['continued', 'continuation', 'poison'].some(isWanted)) {
  await inWorld(
    ['--dynamic-config-value', 'limit.historyCount.suggestContinueAsNew=120'],
    (world) => world.start(),
    async (world, place) => {
      const { workflow } = world.env.client;
      const { firstExecutionRunId } = await world.begin('long', {
        train: { epochs: 8 },
        checkpoint: { everySteps: 100 },
      });
      await workflow.getHandle('long').result();
      if (isWanted('continued')) record(place, 'continued', { run: 'long', execution: firstExecutionRunId });
      if (isWanted('continuation')) record(place, 'continuation', { run: 'long' });
      world.on('trainEpoch', ({ input }) => {
        const { from, until, suspect } = input as { from: Position; until: TrainUntil; suspect?: Suspect };
        if (from.step >= 7 || until.step < 7) return undefined;
        const last = ApplicationFailure.nonRetryable('step 7 ends its engine', failureType.poison);
        return Promise.reject(suspect ? last : engineDied(7));
      });
      const fatal = await world.begin('fatal', { train: { epochs: 1 }, checkpoint: { everySteps: 5 } });
      await fatal.result().catch(() => undefined);
      if (isWanted('poison')) record(place, 'poison', { run: 'fatal' });
    },
  );
}
