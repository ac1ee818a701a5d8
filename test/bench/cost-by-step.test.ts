import { expect, test } from 'vitest';
import { costByStep } from '../../bench/durability/cost-by-step.js';

const BARE_MS = 100;

/** A run of 200 steps that is slower than the bare loop by a tenth; a stop of a second in step 30; checkpoints after 50 and 120. */
function aRun(slower: (step: number) => number, each = 1) {
  const beganAtMs = new Map<number, number>();
  const stops = [{ fromMs: 0, toMs: 0 }];
  let nowMs = 1_000_000;
  for (let step = 1; step <= 200; step++) {
    beganAtMs.set(step, nowMs);
    if (step === 30) {
      stops[0] = { fromMs: nowMs + 10, toMs: nowMs + 1_010 };
      nowMs += 1_000;
    }
    nowMs += 1.1 * BARE_MS + slower(step);
  }
  const bareMs = new Map([...beganAtMs.keys()].filter((step) => step % each === 0).map((step) => [step, BARE_MS]));
  return { beganAtMs, stops, bareMs, compiledAt: 1, boundaries: [50, 120] };
}

test('a checkpoint costs what the steps around it take longer than all others do', () => {
  const { checkpointMs, ratioElsewhere, checkpoints } = costByStep(
    aRun((step) => (step === 50 || step === 120 ? 40 : [51, 52, 121, 122].includes(step) ? 130 : 0)),
  );
  expect(checkpoints).toBe(2);
  expect(ratioElsewhere).toBeCloseTo(1.1, 6);
  expect(checkpointMs).toBeCloseTo(300, 3);
});

test('steps that nobody saw begin, and the one that compiles, are left out', () => {
  const run = aRun((step) => (step === 1 ? 5_000 : 0));
  run.beganAtMs.delete(90);
  expect(costByStep(run)).toMatchObject({ checkpoints: 2 });
  expect(costByStep(run).ratioElsewhere).toBeCloseTo(1.1, 6);
  expect(costByStep(run).checkpointMs).toBeCloseTo(0, 3);
});

test('the error of the ratio is that of its groups of six steps', () => {
  const even = costByStep(aRun(() => 0));
  expect(even.ratioError).toBeCloseTo(0, 6);
  // Steps 2 to 199 are compared: 33 groups, every other one of them 20 ms longer.
  const uneven = costByStep(aRun((step) => (Math.floor((step - 2) / 6) % 2) * 20));
  const deviation = Math.sqrt((17 * 16 * (0.2 / 33) ** 2 * 33) / 32);
  expect(uneven.ratioError).toBeCloseTo(deviation / Math.sqrt(33), 4);
});

test('a loop that did each fourth step says the same of checkpoints that make all steps around them longer', () => {
  const around = (step: number) => [50, 120].some((at) => step >= at && step < at + 20);
  const cost = (each: number) => costByStep(aRun((step) => (around(step) ? 12 : 0), each));
  expect(cost(4).ratioElsewhere).toBeCloseTo(1.1, 6);
  expect(cost(1).checkpointMs).toBeCloseTo(240, 3);
  expect(cost(4).checkpointMs / 240).toBeCloseTo(1, 1);
  expect(cost(1).ratio).toBeCloseTo(1.1 + (40 * 12) / (198 * BARE_MS), 4);
});
