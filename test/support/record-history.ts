/**
 * Records the histories that test/workflows/replay.test.ts replays, from real runs on a stack of its own:
 *
 *     npm run build && node dist/test/support/record-history.js [NAME…]
 *
 * An old history is worth more than a new one: record what is not there yet. Record all again when the workflow changed in a way that open runs need not survive. Nothing in the files names this machine.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { partPaths } from '../../infra/parts.mjs';
import { repositoryRoot } from '../../infra/parts/root.mjs';
import { expectExit, killNow, runTrainsBeyond, startRun, watchToEnd, writeLongJob, writeTinyJob } from './runs.js';
import { scheduleIs } from './schedules.js';
import { startTestStack, type TestStack } from './stack.js';

const fixtures = join(repositoryRoot(), 'test', 'fixtures', 'histories');

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

/** `workflow`: the run's, or that of the firing it came of. */
function record(stack: TestStack, run: string, name: string, workflow = run): void {
  const address = `127.0.0.1:${stack.record().ports.temporal}`;
  const args = ['workflow', 'show', '--workflow-id', workflow, '--address', address, '--output', 'json'];
  const history = execFileSync(partPaths().temporalCli, [...args, '--no-json-shorthand-payloads'], {
    encoding: 'utf8',
    maxBuffer: 2 ** 26,
  });
  const words = (text: string) =>
    text
      .replaceAll(stack.directory, '/project')
      .replaceAll(repositoryRoot(), '/temper')
      .replaceAll(/\d+@[A-Za-z0-9.-]+/g, '1@host')
      .replaceAll(`"host":"${hostname()}"`, '"host":"host"')
      .replaceAll(run, workflow === run ? `tiny-${name}` : run);
  const events = scrub(JSON.parse(history), words);
  mkdirSync(fixtures, { recursive: true });
  writeFileSync(join(fixtures, `${name}.json`), `${JSON.stringify(events)}\n`);
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
const stack = await startTestStack();
try {
  for (const [name, begin] of Object.entries(histories)) {
    if (wanted.length > 0 && !wanted.includes(name)) continue;
    const begun = await begin(stack);
    const { run, workflow } = typeof begun === 'string' ? { run: begun, workflow: begun } : begun;
    await watchToEnd(stack, run);
    record(stack, run, name, workflow);
  }
} finally {
  await stack.stop();
}
