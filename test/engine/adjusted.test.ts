import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { adjustedRates, asMade, asTrained } from '../../activities/session/in-force.js';
import type { Adjustment, StateRef, TrainingContext } from '../../workflows/contract.js';
import { changesAfter, jobWith, nextChange, pace, withAdjustment } from '../../workflows/policies/adjustments.js';
import { nextBoundary } from '../../workflows/policies/boundaries.js';
import { openBench, type Bench, type Reached } from '../support/engine-bench.js';
import { tinyJob } from '../support/tiny-run.js';

/** 12 steps an epoch at first, two epochs. */
const job = tinyJob();
let bench: Bench;
beforeEach(async () => (bench = await openBench(job)));
afterEach(() => bench.close());

/** Trains to the end as the workflow does, with the activities' own rules; `cuts`: steps at which everything is lost and restored. */
async function train(adjustments: readonly Adjustment[], cuts: (step: number) => boolean): Promise<Reached> {
  const { handlers, request, folder } = bench;
  const { job } = request;
  const context = { job, adjustments } as unknown as TrainingContext;
  const dataset = { rows: request.dataset.rows } as TrainingContext['dataset'];
  const load = async ({ job }: TrainingContext, { state, observations }: Reached): Promise<Reached> => {
    await handlers.load({ ...request, job, key: `${request.key} ${job.train.batchSize}` });
    return bench.restore({ state, observations });
  };
  let reached = bench.start;
  for (let n = 0; ; n++) {
    const at = { ...reached.state.position } as StateRef;
    const now = jobWith(job, changesAfter(adjustments, at.step));
    if (at.epoch >= now.train.epochs) return reached;
    reached = await load(asTrained(context, at), reached);
    const boundary = nextBoundary(now, at, pace(now, at, dataset).stepsPerEpoch, nextChange(adjustments, at.step));
    const until = { step: cuts(at.step + 1) ? at.step + 1 : boundary.step, minutes: null };
    const adjusted = adjustedRates(context, at);
    const { state } = await handlers.train({
      ...{ until, observations: reached.observations, folder: join(folder, `adjusted-${n}-${cuts(1)}`) },
      ...(adjusted && { adjusted }),
    });
    reached = { ...reached, state };
    if (state.position.cursor > 0) continue;
    await load(asMade(context, state.position as StateRef), reached);
    const { metrics } = await handlers.evaluate({ split: 'validation' });
    const { step, epoch } = state.position;
    reached = { state, observations: [...reached.observations, { ...metrics, step, epoch }] };
  }
}

const never = () => false;
const always = () => true;

const cases: readonly [string, readonly Adjustment[], { step: number; epoch: number }][] = [
  ['learning rate in mid-epoch', [{ fromStep: 7, changes: { learningRate: 3e-3 } }], { step: 24, epoch: 2 }],
  ['batch size at the next epoch', [{ fromStep: 12, changes: { batchSize: 48 } }], { step: 16, epoch: 2 }],
  ['epochs, one more', [{ fromStep: 12, changes: { epochs: 3 } }], { step: 36, epoch: 3 }],
  ['epochs, one less', [{ fromStep: 12, changes: { epochs: 1 } }], { step: 12, epoch: 1 }],
  [
    'all of them, one after another',
    [
      { fromStep: 5, changes: { learningRate: 3e-3 } },
      { fromStep: 12, changes: { batchSize: 32, epochs: 3 } },
      { fromStep: 14, changes: { learningRate: 5e-4 } },
    ],
    { step: 24, epoch: 3 },
  ],
];

describe('a run adjusted at a step and cut at every step is the same adjusted run, bit for bit', () => {
  test.each(cases)(
    '%s',
    async (_, adjustments, end) => {
      const whole = await train(adjustments, never);
      expect(whole.state.position).toMatchObject(end);
      const cut = await train(adjustments, always);
      expect(cut.state.stateDigest).toBe(whole.state.stateDigest);
      expect(cut.observations).toEqual(whole.observations);
    },
    60_000,
  );

  test('batch size of a head on kept features', async () => {
    bench.close();
    bench = await openBench(tinyJob('freeze: all'), { keepsFeatures: true });
    const adjustments = [{ fromStep: 12, changes: { batchSize: 32 } }];
    const whole = await train(adjustments, never);
    expect(whole.state.position).toMatchObject({ step: 18, epoch: 2 });
    expect((await train(adjustments, always)).state.stateDigest).toBe(whole.state.stateDigest);
    expect((await train([], never)).state.stateDigest).not.toBe(whole.state.stateDigest);
  }, 120_000);

  test('the step counts, and so does the adjustment', async () => {
    const digests = new Set<string>();
    const rate = (fromStep: number): Adjustment[] => [{ fromStep, changes: { learningRate: 3e-3 } }];
    for (const adjustments of [[], rate(7), rate(8)]) digests.add((await train(adjustments, never)).state.stateDigest);
    expect(digests.size).toBe(3);
  }, 120_000);

  test('more epochs restate the total: the rate falls to 0 at the new end', async () => {
    const [last] = withAdjustment([], { fromStep: 12, changes: { epochs: 3 } });
    const position = { step: 24, epoch: 2, cursor: 0 };
    const now = jobWith(job, last!.changes);
    const dataset = { rows: bench.request.dataset.rows } as TrainingContext['dataset'];
    expect(pace(now, position, dataset)).toEqual({ stepsPerEpoch: 12, epochEnd: 36, totalSteps: 36 });
  });
});
