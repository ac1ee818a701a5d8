import type { Job } from '../../job/schema.js';
import type { Observation } from '../../workflows/contract.js';
import { cosPi, power } from '../../data/exact-math.js';
import { oneCycle } from './one-cycle.js';
import { reductions } from './plateau.js';

type Train = Pick<Job['train'], 'learningRate' | 'warmupSteps' | 'schedule'>;
type Options = Exclude<Job['train']['schedule'], string>;
type Schedule = Omit<Options, 'name'> & { readonly name: Options['name'] | Extract<Job['train']['schedule'], string> };

/** What a schedule given by its name alone means; as in job/schema.ts. */
const defaults: Omit<Options, 'name'> = {
  endFactor: 0,
  cycles: 1,
  power: 1,
  riseShare: 0.3,
  factor: 0.1,
  patience: 2,
  metric: 'validation.loss',
};

/**
 * Learning rate of the step that makes `step` steps done (1 for the first), of `totalSteps`.
 *
 * All but one-cycle first rise on a line over warmupSteps; the step at its end has the peak rate. Then, with p the share done
 * of the steps after the warm-up, and the rate falling to `endFactor` of its peak:
 * - constant: the peak;
 * - linear, warmup-linear: 1 - p, to 0 (Devlin et al., 2018);
 * - cosine: (1 + cos(π p)) / 2 (Loshchilov & Hutter, 2016), cosine-restarts: `cycles` of them;
 * - polynomial: (1 - p)^power;
 * - one-cycle: see one-cycle.ts; reduce-on-plateau: see plateau.ts.
 *
 * @param observations Validation metrics so far; only those of before this step count, in whatever order.
 */
export function learningRateAt(
  train: Train,
  step: number,
  totalSteps: number,
  observations: readonly Observation[] = [],
): number {
  const schedule: Schedule =
    typeof train.schedule === 'string' ? { ...defaults, name: train.schedule } : train.schedule;
  const { learningRate, warmupSteps } = train;
  const warmup = Math.min(1, step / Math.max(1, warmupSteps));
  const afterWarmup = Math.max(1, totalSteps - warmupSteps);
  const progress = Math.min(1, Math.max(0, (step - 1 - warmupSteps) / afterWarmup));
  const { endFactor } = schedule;
  const fallen = (share: number): number => learningRate * warmup * (endFactor + (1 - endFactor) * share);
  switch (schedule.name) {
    case 'constant':
      return learningRate * warmup;
    case 'linear':
    case 'warmup-linear': {
      const decay = Math.max(0, (totalSteps - step + 1) / afterWarmup);
      return learningRate * Math.min(warmup, decay);
    }
    case 'cosine':
      return fallen((1 + cosPi(progress)) / 2);
    case 'cosine-restarts':
      return fallen(progress === 1 ? 0 : (1 + cosPi((schedule.cycles * progress) % 1)) / 2);
    case 'polynomial':
      return fallen(power(1 - progress, schedule.power));
    case 'one-cycle':
      return oneCycle(learningRate, step, totalSteps, schedule.riseShare, endFactor);
    case 'reduce-on-plateau': {
      const earlier = observations.filter((observation) => observation.step < step);
      const times = reductions(earlier, schedule.metric, schedule.patience);
      let rate = learningRate;
      for (let i = 0; i < times; i++) rate = Math.max(rate * schedule.factor, learningRate * endFactor);
      return rate * warmup;
    }
    default:
      return schedule.name satisfies never;
  }
}
