import type { Job, MetricName } from '../../job/schema.js';
import type { Observation } from '../contract.js';
import { stepsToKeep } from './keep.js';
import { best } from './selection.js';

/** Observations that are carried with all their metrics: the newest. */
const WHOLE = 200;

/**
 * The validations that a run carries from activity to activity: what a decision can still depend on, because a payload has its
 * limit. The newest, the best and the early-stopping record are whole. A schedule that folds over all of them gets all of them,
 * the older ones with the metrics that are decided by: 2,000 epochs (job/checks.ts refuses more) make about 200 KB.
 * `observations` and the result are in the order of their steps.
 */
export function told(job: Job, observations: readonly Observation[]): Observation[] {
  const { stopEarly, schedule } = job.train;
  const plateau =
    typeof schedule === 'string' ? schedule === 'reduce-on-plateau' : schedule.name === 'reduce-on-plateau';
  const record = best(observations, stopEarly?.metric ?? job.selectBest);
  const kept = new Set([...stepsToKeep(job, observations), record?.step]);
  const recent = Math.max(WHOLE, (stopEarly?.patience ?? 0) + 1); // patience counts them
  const metrics = decidedBy(job);
  return observations.flatMap((observation, i) => {
    const age = observations.length - i;
    if (kept.has(observation.step) || age <= WHOLE) return [observation];
    return plateau || age <= recent ? [only(observation, metrics)] : [];
  });
}

/** Metrics that something is decided by. */
function decidedBy({ selectBest, train: { stopEarly, schedule } }: Job): string[] {
  const named: (MetricName | undefined)[] = [
    selectBest,
    stopEarly?.metric,
    typeof schedule === 'string' ? undefined : schedule.metric,
  ];
  return named.flatMap((metric) => (metric === undefined ? [] : [metric.slice('validation.'.length)]));
}

function only(observation: Observation, metrics: readonly string[]): Observation {
  const { step, epoch, loss, examples } = observation;
  const others = metrics.filter((name) => observation[name] !== undefined).map((name) => [name, observation[name]!]);
  return { step, epoch, loss, examples, ...(Object.fromEntries(others) as Record<string, number>) };
}
