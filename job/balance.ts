import type { PlacedProblem } from './explain-issue.js';
import { kindOf } from './metrics.js';
import { nearest, quotedList } from './nearest.js';
import type { Job } from './schema.js';

/** A run that began before there was the key has none. */
export const balanceOf = ({ balance = 'none' }: Pick<Job['data'], 'balance'>): NonNullable<Job['data']['balance']> =>
  balance;

/** Balancing is of classes, and of rows that have one each. */
export function balanceProblems(job: Pick<Job, 'task' | 'data'>): PlacedProblem[] {
  const balance = balanceOf(job.data);
  if (balance === 'none') return [];
  const problem = (message: string): PlacedProblem[] => [{ path: ['data', 'balance'], at: 'key', message }];
  switch (kindOf(job)) {
    case 'classes':
      return [];
    case 'number':
      return problem('balances classes, and `task: tabular-regression` has none: leave it out');
    case 'language':
      return problem('balances classes, and `task: causal-lm` has none: leave it out');
    case 'labels':
      return problem(
        'balances rows of one class each, and with `multiLabel` a row has any number: leave it out, or set `train.loss` to focal',
      );
    case 'tags':
      if (typeof balance === 'object') return [];
      return problem(
        'counts rows of a class, and a row of `task: token-classification` has words of many: say what each tag weighs, `{ weights: { O: 0.2 } }`, or set `train.loss` to focal',
      );
  }
}

/** Null, or a sentence that says which of the job's weights is of no class. */
export function weightsProblem(job: Pick<Job, 'data'>, labels: readonly string[]): string | null {
  const balance = balanceOf(job.data);
  const stranger = typeof balance === 'object' && Object.keys(balance.weights).find((name) => !labels.includes(name));
  if (stranger === false || stranger === undefined) return null;
  const near = nearest(stranger, labels);
  return `data.balance.weights: expected names of classes, found \`${stranger}\`; ${near === null ? `the classes are ${quotedList(labels.slice(0, 20))}` : `did you mean \`${near}\`?`}`;
}
