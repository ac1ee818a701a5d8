import { augmentProblems } from './augment-checks.js';
import { balanceProblems } from './balance.js';
import { columnProblems } from './column-checks.js';
import type { PlacedProblem } from './explain-issue.js';
import { lossProblem } from './loss.js';
import { metricProblem } from './metrics.js';
import type { Job } from './schema.js';
import { taskProblems } from './task-checks.js';

/** What the schema cannot say: conditions between keys, and patterns that must compile. */
export function checkJob(job: Job): PlacedProblem[] {
  return [
    ...taskProblems(job),
    ...splitProblems(job),
    ...balanceProblems(job),
    ...columnProblems(job),
    ...augmentProblems(job),
    ...freezeProblems(job),
    ...patternProblems(job),
    ...metricProblems(job),
    ...warmupProblems(job),
    ...plateauProblems(job),
  ];
}

const SUM_TOLERANCE = 1e-9;

function splitProblems({ data: { split } }: Job): PlacedProblem[] {
  if ('column' in split) return [];
  if ('folds' in split) return foldProblems(split);
  const sum = split.train + split.validation + split.test;
  if (Math.abs(sum - 1) <= SUM_TOLERANCE) return [];
  const parts = `train ${split.train} + validation ${split.validation} + test ${split.test}`;
  const rounded = Number(sum.toFixed(9));
  const message = `expected fractions that sum to 1, found ${parts} = ${rounded}: give all three (a part left out has its default)`;
  return [{ path: ['data', 'split'], at: 'key', message }];
}

function foldProblems({ folds, fold }: { folds: number; fold: number }): PlacedProblem[] {
  if (fold < folds) return [];
  const message = `expected a number from 0 to ${folds - 1} (${folds} folds), found ${fold}`;
  return [{ path: ['data', 'split', 'fold'], at: 'value', message }];
}

/** Freezing keeps what was learnt before: where nothing was, there is nothing to keep. */
function freezeProblems({ freeze, pretrained, model, lora }: Job): PlacedProblem[] {
  if (freeze === 'none') return [];
  const problem = (message: string): PlacedProblem[] => [{ path: ['freeze'], at: 'key', message }];
  if (lora !== undefined) {
    return problem('cannot be combined with `lora`, which freezes the base itself: keep one or the other');
  }
  const keepsBlocks = freeze === 'all' || 'lastBlocks' in Object(freeze) || 'gradual' in Object(freeze);
  if (!keepsBlocks) return [];
  if (model === 'mlp') return problem('expected `none` for `model: mlp`, which has no pre-trained base to keep');
  if (!pretrained) {
    return problem(
      'expected `none` with `pretrained: false`: frozen random weights would never learn; leave freeze out',
    );
  }
  return [];
}

function patternProblems({ freeze, train, lora }: Job): PlacedProblem[] {
  const lists: { path: readonly PropertyKey[]; patterns: readonly string[] }[] = [];
  if (typeof freeze === 'object' && 'train' in freeze)
    lists.push({ path: ['freeze', 'train'], patterns: freeze.train });
  if (typeof freeze === 'object' && 'freeze' in freeze)
    lists.push({ path: ['freeze', 'freeze'], patterns: freeze.freeze });
  train.groups.forEach(({ match }, index) =>
    lists.push({ path: ['train', 'groups', index, 'match'], patterns: match }),
  );
  if (lora?.targets) lists.push({ path: ['lora', 'targets'], patterns: lora.targets });
  return lists.flatMap(({ path, patterns }) =>
    patterns.flatMap((pattern, index): PlacedProblem[] => {
      const fault = regularExpressionFault(pattern);
      if (fault === null) return [];
      const message = `expected a regular expression, found "${pattern}": ${fault}`;
      return [{ path: [...path, index], at: 'value', message }];
    }),
  );
}

function regularExpressionFault(pattern: string): string | null {
  try {
    new RegExp(`^(?:${pattern})`, 'u');
    return null;
  } catch (error) {
    const said = error instanceof Error ? error.message : String(error);
    return said.slice(said.lastIndexOf(': ') + 2).toLowerCase();
  }
}

/** Every metric that is named is one of the task, and the loss is one that the task can be trained towards. */
function metricProblems(job: Job): PlacedProblem[] {
  const { stopEarly, schedule } = job.train;
  const named: [readonly PropertyKey[], string | undefined][] = [
    [['selectBest'], job.selectBest],
    [['train', 'stopEarly', 'metric'], stopEarly?.metric],
    [
      ['train', 'schedule', 'metric'],
      typeof schedule === 'object' && schedule.name === 'reduce-on-plateau' ? schedule.metric : undefined,
    ],
  ];
  const problems = named.flatMap(([path, name]): PlacedProblem[] => {
    const message = name === undefined ? null : metricProblem(job, name);
    return message === null ? [] : [{ path, at: 'value', message }];
  });
  const loss = lossProblem(job);
  if (loss !== null) {
    const [key, message] = [loss.slice(0, loss.indexOf(': ')), loss.slice(loss.indexOf(': ') + 2)];
    problems.push({ path: key.split('.'), at: 'value', message });
  }
  return problems;
}

function warmupProblems({ train }: Job): PlacedProblem[] {
  if (train.warmupSteps <= MAX_WARMUP_STEPS) return [];
  const message = `expected at most ${MAX_WARMUP_STEPS} steps of warm-up, found ${train.warmupSteps}`;
  return [{ path: ['train', 'warmupSteps'], at: 'value', message }];
}

/** reduce-on-plateau folds over every validation of the run, which travel with it (workflows/policies/told.ts). */
function plateauProblems({ train: { schedule, epochs } }: Job): PlacedProblem[] {
  const name = typeof schedule === 'string' ? schedule : schedule.name;
  if (name !== 'reduce-on-plateau' || epochs <= MAX_PLATEAU_EPOCHS) return [];
  const message = `expected at most ${MAX_PLATEAU_EPOCHS} with \`schedule: reduce-on-plateau\`, whose rate depends on the validations of all epochs, found ${epochs}: train fewer epochs, or choose another schedule`;
  return [{ path: ['train', 'epochs'], at: 'value', message }];
}

const MAX_PLATEAU_EPOCHS = 2000;

const MAX_WARMUP_STEPS = 1_000_000;

/**
 * Whether the rate reaches its peak, once the rows are known: null, or a sentence that says what to change.
 * `totalSteps` = steps of all epochs.
 */
export function warmupProblem(job: Job, totalSteps: number): string | null {
  const { warmupSteps } = job.train;
  if (warmupSteps === 0 || warmupSteps < totalSteps) return null;
  return (
    `train.warmupSteps is ${warmupSteps} but the run has ${totalSteps} steps, so the rate never reaches learningRate: ` +
    `set it to ${Math.floor(totalSteps / 10)}, or train for more epochs`
  );
}
