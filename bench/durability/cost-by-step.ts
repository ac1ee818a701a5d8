import { secondsWithout, type Stop } from './take-turns.js';

export interface StepByStep {
  /** When each step of the run began, by its number. */
  readonly beganAtMs: ReadonlyMap<number, number>;
  readonly stops: readonly Stop[];
  /** What the bare loop took for each, from the first on. */
  readonly bareMs: readonly number[];
  /** The steps after which the run made a checkpoint, but for its last. */
  readonly boundaries: readonly number[];
}

export interface CostByStep {
  readonly checkpoints: number;
  /** What all steps that begin within WITHIN_MS of a checkpoint take longer than the rest, by checkpoint, and what lies between them. */
  readonly checkpointMs: number;
  /** Of the other steps: how much longer than the bare loop's same. */
  readonly ratioElsewhere: number;
}

/** After a checkpoint begins, of the run's own time. On two cores its work is done within two seconds (bench/RESULTS.md). */
const WITHIN_MS = 3_000;

interface Step {
  readonly number: number;
  readonly ownMs: number;
  readonly bareMs: number;
}

/** How much longer steps take near a checkpoint, by the bare loop's same steps: what a checkpoint costs, whatever the machine does. */
export function costByStep({ beganAtMs, stops, bareMs, boundaries }: StepByStep): CostByStep {
  const steps = bareMs.flatMap((bare, i): Step[] => {
    const [fromMs, toMs] = [beganAtMs.get(i + 1), beganAtMs.get(i + 2)];
    if (i === 0 || fromMs === undefined || toMs === undefined) return []; // the first compiles, and may have begun unseen
    return [{ number: i + 1, ownMs: 1000 * secondsWithout(stops, { fromMs, toMs }), bareMs: bare }];
  });
  const near = new Set<Step>();
  for (const boundary of boundaries) {
    let sinceMs = 0;
    for (const step of steps) {
      if (step.number < boundary || sinceMs > WITHIN_MS) continue;
      near.add(step);
      if (step.number > boundary) sinceMs += step.ownMs;
    }
  }
  const elsewhere = steps.filter((step) => !near.has(step));
  const sum = (of: (step: Step) => number, all: Iterable<Step>) =>
    [...all].reduce((total, step) => total + of(step), 0);
  const ratioElsewhere = sum(({ ownMs }) => ownMs, elsewhere) / sum((step) => step.bareMs, elsewhere);
  const longer = sum(({ ownMs, bareMs: bare }) => ownMs - bare * ratioElsewhere, near);
  return { checkpoints: boundaries.length, checkpointMs: longer / boundaries.length, ratioElsewhere };
}
