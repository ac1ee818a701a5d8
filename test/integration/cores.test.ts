import { spawnSync } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { eventually } from '../support/poll.js';
import {
  enginePids,
  expectExit,
  explain,
  runReaches,
  startRun,
  watchToEnd,
  writeTinyJob,
  type Ending,
} from '../support/runs.js';
import { ALL_THREADS, startTestStack, type TestStack } from '../support/stack.js';

const canPin = availableParallelism() > 1 && spawnSync('taskset', ['-c', '0', 'true']).status === 0;

let stack: TestStack;
let undisturbed: Ending;

beforeAll(async () => {
  stack = await startTestStack({ env: ALL_THREADS });
  const job = writeTinyJob(stack.directory, { train: { epochs: 16 } }); // not over before `down` begins
  undisturbed = await watchToEnd(stack, await startRun(stack, job));
}, 300_000);
afterAll(() => stack.stop());

it.skipIf(!canPin)('a run resumed on another number of cores has the same weights', { timeout: 300_000 }, async () => {
  const run = await startRun(stack, 'tiny.yaml');
  await runReaches(stack, run, 60);
  expectExit(await stack.temper(['down']));
  // This process takes its children along to one core.
  const all = /Cpus_allowed_list:\s*(\S+)/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? '';
  const first = /^\d+/.exec(all)?.[0] ?? '0';
  expect(spawnSync('taskset', ['-a', '-cp', first, String(process.pid)]).status).toBe(0);
  try {
    await stack.up();
  } finally {
    spawnSync('taskset', ['-a', '-cp', all, String(process.pid)]);
  }
  const [engine] = await eventually('an engine runs', () => {
    const pids = enginePids(stack);
    return pids.length > 0 && pids;
  });
  expect(readFileSync(`/proc/${engine}/status`, 'utf8')).toMatch(new RegExp(`Cpus_allowed_list:\\s*${first}\\n`));

  const { state, result } = await watchToEnd(stack, run);
  expect(state).toBe('done');
  expect(result.final.stateDigest).toBe(undisturbed.result.final.stateDigest);
  const { sessions } = await explain(stack, run);
  expect(sessions.length).toBeGreaterThanOrEqual(2);
  const fingerprints = new Set(sessions.map(({ fingerprint }) => fingerprint));
  expect(fingerprints.size).toBe(1); // threads are pinned: the cores do not count
});
