import { rm } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { objectsBelow } from '../../test/support/bucket.js';
import { residentBytes } from '../../test/support/faults/processes.js';
import { eventually } from '../../test/support/poll.js';
import { endRuns, expectExit, startRun } from '../../test/support/runs.js';
import type { TestStack } from '../../test/support/stack.js';
import { exampleFile, writeGlosses } from '../glosses/rows.js';
import { startBenchStack } from '../stack.js';
import type { MeasurePart } from './part.js';
import { WITHIN_MS, writeJob } from './run-epoch.js';

const BUDGET_MIB = 256;
const EVERY_STEPS = 16;
/** Of 272 MB each: 1 GiB. */
const CHECKPOINTS = 4;
const HANGS_MS = 60_000;
const LOOK_EACH_MS = 50;

const residentMiB = (pid: number): number => residentBytes(pid) / 2 ** 20;

/** The most that a process holds from now on until `during` is done. Fails where the process does not live through it. */
async function mostMiB(pid: number, during: () => Promise<void>): Promise<number> {
  let most = residentMiB(pid);
  let ended = false;
  const look = () => {
    try {
      const now = residentMiB(pid);
      most = Math.max(most, now);
      if (now === 0) ended = true; // nobody has asked yet what it ended with
    } catch {
      ended = true;
    }
  };
  const looking = setInterval(look, LOOK_EACH_MS);
  try {
    await during();
  } finally {
    clearInterval(looking);
  }
  if (ended) throw new Error('the device worker did not live through it');
  return most;
}

const committed = (stack: TestStack, run: string): number =>
  objectsBelow(stack, `runs/${run}/checkpoints/`).filter(({ key }) => key.endsWith('.json')).length;

const untilCommitted = (stack: TestStack, run: string, count: number): Promise<true> =>
  eventually(`${count} checkpoints`, () => committed(stack, run) >= count, WITHIN_MS, LOOK_EACH_MS);

/** The device worker of a real run, over what it held before: four checkpoints of a whole MiniLM, then a store that accepts and says nothing. */
export const workerMemory: MeasurePart = async ({ say }) => {
  const jobFile = await writeGlosses();
  const rows = exampleFile('glosses.jsonl');
  const checkpoint = { everySteps: EVERY_STEPS };
  const file = await writeJob(jobFile, rows, 'memory', checkpoint, { train: { epochs: 5 } });
  const stack = await startBenchStack();
  try {
    expectExit(await stack.temper(['data', 'prepare', file], { timeoutMs: WITHIN_MS }));
    const pid = stack.pids()['device']!;
    const idleMiB = residentMiB(pid);
    let run = '';
    const uploading = await mostMiB(pid, async () => {
      run = await startRun(stack, file);
      await untilCommitted(stack, run, CHECKPOINTS + 1); // and that of step 0
    });
    const overMiB = uploading - idleMiB;
    say(
      `${CHECKPOINTS} checkpoints are durable: ${overMiB.toFixed(0)} MiB over ${idleMiB.toFixed(0)}; now the store hangs...`,
    );
    const before = committed(stack, run);
    const hung = await mostMiB(pid, async () => {
      stack.kill('s3', 'SIGSTOP');
      await pause(HANGS_MS);
      stack.kill('s3', 'SIGCONT');
      await untilCommitted(stack, run, before + 2);
    });
    await endRuns(stack);
    return {
      sentence:
        `a run of MiniLM, all weights, uploads ${CHECKPOINTS} checkpoints of 272 MB, one each ${EVERY_STEPS} steps; then the store is ` +
        `stopped (SIGSTOP) for ${HANGS_MS / 1000} s, until two more are durable: what its device worker holds (resident, each ${LOOK_EACH_MS} ms) over the ${idleMiB.toFixed(0)} MiB before the run`,
      budgets: [
        { what: 'the worker of a run, 1 GiB uploaded: MiB over idle, at the most', value: overMiB, budget: BUDGET_MIB },
        {
          what: 'the worker of a run, its store hung for a minute: MiB over idle, at the most',
          value: hung - idleMiB,
          budget: BUDGET_MIB,
        },
      ],
    };
  } finally {
    await stack.stop();
    await rm(file, { force: true });
  }
};
