import { expect, test } from 'vitest';
import { lossOf } from '../../job/loss.js';
import { metricProblem, metricsOf, metricTable } from '../../job/metrics.js';
import { tasks } from '../../job/schema.js';
import { ranked } from '../../workflows/policies/selection.js';
import { jobOf } from '../data/job-of.js';

test('the policies and the table agree on whether less is better', () => {
  const all = Object.values(metricTable).flat();
  expect(all.length).toBeGreaterThan(20);
  for (const { name, lessIsBetter } of all) {
    const [low, high] = [1, 2].map((value) => ({ step: value, epoch: 1, examples: 1, loss: 0, [name]: value }));
    const best = ranked([low!, high!], `validation.${name}`)[0];
    expect(best, name).toBe(lessIsBetter ? low : high);
  }
});

test('every task reports the loss first, and no name twice', () => {
  for (const task of tasks) {
    const names = metricsOf(jobOf({}, { task })).map(({ name }) => name);
    expect(names[0]).toBe('loss');
    expect(new Set(names).size).toBe(names.length);
    for (const name of names) expect(metricProblem(jobOf({}, { task }), `validation.${name}`)).toBeNull();
  }
});

test('top5 is reported where there are more than five classes', () => {
  const names = (classes?: number) => metricsOf(jobOf({}), classes).map(({ name }) => name);
  expect(names()).toContain('top5');
  expect(names(6)).toContain('top5');
  expect(names(5)).not.toContain('top5');
  expect(metricsOf(jobOf({ multiLabel: true }), 6).map(({ name }) => name)).not.toContain('top5');
  expect(metricProblem(jobOf({}), 'validation.top5', 6)).toBeNull();
  expect(metricProblem(jobOf({}), 'validation.top5', 3)).toContain(
    '`validation.top5` needs at least 6 classes, found 3: choose `validation.loss`',
  );
});

test.each([
  [
    'causal-lm',
    'validation.perplexety',
    'expected a metric of causal-lm, found `validation.perplexety`: did you mean `validation.perplexity`?',
  ],
  ['text-classification', 'validation.f1_micro', 'did you mean `validation.f1micro`?'],
  ['text-classification', 'f1', 'expected a metric of text-classification, found `f1`: did you mean `validation.f1`?'],
  [
    'tabular-regression',
    'validation.auroc',
    'valid are `validation.loss`, `validation.mae`, `validation.rmse` and `validation.r2`',
  ],
  ['causal-lm', 'validation.f1', 'valid are `validation.loss`, `validation.perplexity` and `validation.accuracy`'],
])('of %s, %s is refused', (task, name, sentence) => {
  expect(metricProblem(jobOf({}, { task }), name)).toContain(sentence);
});

test('a job that names no loss trains towards its task, and defaults fill in what a named one leaves out', () => {
  const named = (task: string, loss: unknown = 'auto') => lossOf(jobOf({}, { task, train: { loss } }));
  expect(tasks.map((task) => named(task).name)).toEqual([
    'cross-entropy',
    'cross-entropy',
    'cross-entropy',
    'cross-entropy',
    'cross-entropy',
    'mse',
  ]);
  expect(lossOf(jobOf({ multiLabel: true })).name).toBe('bce');
  expect(named('text-classification', 'focal')).toMatchObject({ name: 'focal', gamma: 2 });
  expect(named('text-classification', { name: 'focal', gamma: 1 })).toMatchObject({ name: 'focal', gamma: 1 });
  expect(named('tabular-regression', 'huber')).toMatchObject({ name: 'huber', delta: 1 });
});
