import { afterEach, expect, test } from 'vitest';
import { cpuFlags } from '../../engine/cpu.js';
import type { Job } from '../../job/schema.js';
import { precisionProblem } from '../../training/ops/precision.js';
import { exactCases, prepareCase, type ExactCase } from '../support/exact-cases.js';
import { openBench, type Bench, type Reached } from '../support/engine-bench.js';
import { recordedGraphs } from '../support/recorded-graphs.js';
import { deviceKind } from '../../training/tensorflow.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { tinyJob } from '../support/tiny-run.js';

const recorded = await recordedGraphs();
const ON_RECORD =
  'runs in mid-course must not go on with other bits unnoticed. If the new graph may give other bits, raise STEP_COMPILER_VERSION ' +
  '(training/compile/program.ts); an example of docs/own-models.md may change. Then: npm run build && node dist/test/support/train-cases.js --record';

let bench: Bench;
afterEach(() => bench?.close());

/** Why this machine's engine refuses the job; null where it trains it. */
const refusalHere = ({ train }: Job): string | null => precisionProblem(train.precision, 'cpu', cpuFlags());

async function open(each: ExactCase): Promise<Reached> {
  bench = await openBench(await prepareCase(each, temporaryFolder()), each);
  return bench.restore(bench.start);
}

const expectSame = (found: Reached, expected: Reached, what: string): void => {
  expect(found.state.stateDigest, what).toBe(expected.state.stateDigest);
  expect(found.observations, what).toEqual(expected.observations);
};

test.each(exactCases.map((each) => [each.name, each] as const))(
  'a run cut at every step ends in the same state, bit for bit: %s',
  async (_, each) => {
    const job = await prepareCase(each, temporaryFolder());
    const refusal = refusalHere(job);
    if (refusal !== null) return expect(openBench(job, each)).rejects.toThrow(refusal);
    bench = await openBench(job, each);
    if (deviceKind() === 'cpu')
      // on a GPU some functions have graphs of their own
      expect(bench.graphDigest, `the graph is another than that on record: ${ON_RECORD}`).toBe(recorded.get(each.name));
    const initial = await bench.restore(bench.start);
    const last = bench.lastStep;
    const uninterrupted = await bench.trainTo(last, initial);

    // Cut at every step at once: saved, lost and restored after each.
    const saved: Reached[] = [];
    let at = initial;
    for (let step = 1; step <= last; step++) {
      at = await bench.trainTo(step, await bench.restore(at));
      saved.push(at);
    }
    expectSame(at, uninterrupted, 'cut at every step');
    // Cut once: what is computed in JavaScript from step to step goes on for longer.
    for (const cut of [saved[0]!, saved[Math.floor(last / 2)]!]) {
      const resumed = await bench.trainTo(last, await bench.restore(cut));
      expectSame(resumed, uninterrupted, `cut at step ${cut.state.position.step}`);
    }

    if (!each.carries) return;
    // The test can fail: a state that lacks a part of itself does not resume the run.
    const middle = saved[Math.ceil(last / 2) - 1]!;
    const less = await bench.trainTo(last, await bench.restore(await bench.without(each.carries, middle)));
    expect(less.state.stateDigest).not.toBe(uninterrupted.state.stateDigest);
  },
  180_000,
);

test('a schedule that follows what was validated does not resume without it', async () => {
  const initial = await open(exactCases.find(({ name }) => name === 'reduce-on-plateau')!);
  const middle = await bench.trainTo(bench.lastStep - 1, initial);
  const whole = await bench.trainTo(bench.lastStep, middle);
  const forgetful = await bench.trainTo(bench.lastStep, await bench.restore({ ...middle, observations: [] }));
  expect(forgetful.state.stateDigest).not.toBe(whole.state.stateDigest);
});

test('checkpointed blocks learn the same, but for what float32 rounds away', async () => {
  const losses: number[] = [];
  for (const name of ['adamw', 'checkpointed blocks']) {
    const initial = await open(exactCases.find((each) => each.name === name)!);
    const { observations } = await bench.trainTo(bench.lastStep, initial);
    losses.push(observations.at(-1)!.loss);
    bench.close();
  }
  expect(Math.abs(losses[0]! / losses[1]! - 1)).toBeLessThan(1e-4);
});

test('another seed gives another state', async () => {
  const digests = new Set<string>();
  for (const seed of [7, 8]) {
    bench = await openBench(tinyJob(`seed: ${seed}`));
    digests.add((await bench.trainTo(3, await bench.restore(bench.start))).state.stateDigest);
  }
  expect(digests.size).toBe(2);
});
