import { secondsWithout, type Stop } from './take-turns.js';

export interface StepByStep {
  /** When each step of the run began, by its number. */
  readonly beganAtMs: ReadonlyMap<number, number>;
  readonly stops: readonly Stop[];
  /** What the bare loop took for those that it did, by their numbers. */
  readonly bareMs: ReadonlyMap<number, number>;
  /** In the steps up to this one both compile: they say nothing of what a run costs. */
  readonly compiledAt: number;
  /** The steps after which the run made a checkpoint, but for its last. */
  readonly boundaries: readonly number[];
}

export interface CostByStep {
  readonly checkpoints: number;
  /** What all steps that begin within WITHIN_MS of a checkpoint take longer than the rest, by checkpoint, and what lies between them. */
  readonly checkpointMs: number;
  /** Of the other steps: how much longer than the bare loop's same. */
  readonly ratioElsewhere: number;
  /** Of all steps. */
  readonly ratio: number;
  /** Its standard error, by what it would be without each group of compared steps in turn (the delete-a-group jackknife). */
  readonly ratioError: number;
  /** Of the run, all that were seen to begin and to end. */
  readonly stepsMs: number;
}

/** After a checkpoint begins, of the run's own time. On two cores its work is done within two seconds (bench/RESULTS.md). */
const WITHIN_MS = 3_000;

/** Compared steps that follow each other: about one turn of the bare loop, in which the machine's speed is much the same. */
const GROUP = 6;

interface Step {
  readonly number: number;
  readonly ownMs: number;
}

/** How much longer steps take near a checkpoint, by the bare loop's same steps: what a checkpoint costs, whatever the machine does. */
export function costByStep({ beganAtMs, stops, bareMs, compiledAt, boundaries }: StepByStep): CostByStep {
  const seen = [...beganAtMs].flatMap(([number, fromMs]): Step[] => {
    const toMs = beganAtMs.get(number + 1);
    return toMs === undefined ? [] : [{ number, ownMs: 1000 * secondsWithout(stops, { fromMs, toMs }) }];
  });
  const steps = seen.filter(({ number }) => number > compiledAt);
  const near = new Set<Step>();
  for (const boundary of boundaries) {
    let sinceMs = 0;
    for (const step of steps) {
      if (step.number < boundary || sinceMs > WITHIN_MS) continue;
      near.add(step);
      if (step.number > boundary) sinceMs += step.ownMs;
    }
  }
  const compared = steps.filter(({ number }) => bareMs.has(number));
  const ratioOf = (some: readonly Step[]) =>
    sum(some, ({ ownMs }) => ownMs) / sum(some, ({ number }) => bareMs.get(number)!);
  const ratioElsewhere = ratioOf(compared.filter((step) => !near.has(step)));
  const comparedNear = compared.filter((step) => near.has(step));
  const longer = sum(comparedNear, ({ number, ownMs }) => ownMs - bareMs.get(number)! * ratioElsewhere);
  return {
    checkpoints: boundaries.length,
    checkpointMs: (longer * near.size) / comparedNear.length / boundaries.length,
    ratioElsewhere,
    ratio: ratioOf(compared),
    ratioError: jackknife(compared, ratioOf),
    stepsMs: sum(seen, ({ ownMs }) => ownMs),
  };
}

function jackknife<Each>(all: readonly Each[], of: (some: readonly Each[]) => number): number {
  const groups = Math.ceil(all.length / GROUP);
  const without = Array.from({ length: groups }, (_, left) => of(all.filter((_, i) => Math.floor(i / GROUP) !== left)));
  const mean = sum(without, (each) => each) / groups;
  return Math.sqrt(((groups - 1) / groups) * sum(without, (each) => (each - mean) ** 2));
}

const sum = <Each>(all: readonly Each[], of: (each: Each) => number) =>
  all.reduce((total, each) => total + of(each), 0);
