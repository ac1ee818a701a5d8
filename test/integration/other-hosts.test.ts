import { spawnSync } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { readFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import type { RunStatus } from '../../workflows/contract.js';
import { eventually } from '../support/poll.js';
import {
  endRuns,
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

/** Engines multiply with Eigen's kernels, or with oneDNN's: other last bits (docs/exactness.md), so another class of host. */
const kernelsHere = process.env['TF_ENABLE_ONEDNN_OPTS'] ?? '1';
const OTHER_KERNELS = { TF_ENABLE_ONEDNN_OPTS: kernelsHere === '0' ? '1' : '0' };

const canPin = availableParallelism() > 1 && spawnSync('taskset', ['-c', '0', 'true']).status === 0;

let stack: TestStack;
let undisturbed: Ending;

beforeAll(async () => {
  stack = await startTestStack({ env: ALL_THREADS });
  const job = writeTinyJob(stack.directory, { train: { epochs: 16 } }); // not over before `down` begins
  undisturbed = await watchToEnd(stack, await startRun(stack, job));
}, 300_000);
afterEach(() => endRuns(stack)); // there is one device
afterAll(() => stack.stop());

it('where only hosts of another class are, a strict run waits and says for which, a compatible one goes on', async () => {
  writeTinyJob(stack.directory, { train: { epochs: 16 }, exactness: 'compatible' }, 'compatible.yaml');
  const strict = await startRun(stack, 'tiny.yaml');
  await runReaches(stack, strict, 40);
  expectExit(await stack.temper(['pause', strict])); // there is one device
  const compatible = await startRun(stack, 'compatible.yaml');
  await runReaches(stack, compatible, 40);
  expectExit(await stack.temper(['down']));

  await stack.up([], OTHER_KERNELS);
  expectExit(await stack.temper(['resume', strict]));
  const wentOn = await watchToEnd(stack, compatible);
  expect(wentOn.state).toBe('done');
  expect(await fingerprintsOf(compatible)).toHaveLength(2);
  expect(expectExit(await stack.temper(['explain', compatible]))).toMatch(/from step \d+ on, bits may differ/);

  // That of its own class asks no more is known a minute after it has gone; what is said then: test/cli/free-hosts.test.ts.
  const { boundTo } = await eventually('a host of another class is free', async () => {
    const { freeHosts, status } = JSON.parse(expectExit(await stack.temper(['status', strict, '--json']))) as Waiting;
    return freeHosts?.others === 1 && status.stage === 'wait-for-device' && status;
  });
  expect(boundTo?.digest).toBe(undisturbed.result.sessions[0]!.fingerprint);

  expectExit(await stack.temper(['down']));
  await stack.up();
  const { result } = await watchToEnd(stack, strict);
  expect(result.final.stateDigest).toBe(undisturbed.result.final.stateDigest);
  expect(await fingerprintsOf(strict)).toHaveLength(1);
}, 300_000);

// Last: the stack stays on one core.
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
  expect(await fingerprintsOf(run)).toHaveLength(1); // threads are pinned: the cores do not count
});

interface Waiting {
  readonly freeHosts: { readonly fitting: number; readonly others: number } | null;
  readonly status: RunStatus;
}

/** Of all of a run's sessions, each once. */
async function fingerprintsOf(run: string): Promise<readonly string[]> {
  const { sessions } = await explain(stack, run);
  expect(sessions.length).toBeGreaterThanOrEqual(2);
  return [...new Set(sessions.map(({ fingerprint }) => fingerprint))];
}
