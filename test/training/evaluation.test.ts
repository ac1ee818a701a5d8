import { describe, expect, test } from 'vitest';
import { metricsOf } from '../../job/metrics.js';
import type { Job } from '../../job/schema.js';
import { evaluatorFor, rowOf, type EvaluationReport } from '../../training/evaluation/index.js';
import { Worst } from '../../training/evaluation/worst.js';
import type { FeedValues } from '../../training/compile/program.js';
import { jobOf } from '../data/job-of.js';
import { metricFixtures, type ScoredCase } from '../support/metric-fixtures.js';
import { seededRandom } from '../support/random.js';

interface Batch {
  readonly rows: number;
  readonly outputs: Float32Array;
  readonly targets: Readonly<Record<string, FeedValues>>;
  readonly losses: Float32Array;
}

/** The report on a batch of examples 0, 1, …, added in this order. */
function reportOf(job: Job, labels: readonly string[], { rows, ...batch }: Batch, order = [...Array(rows).keys()]) {
  const evaluator = evaluatorFor(job, labels);
  for (const row of order) {
    const targets = Object.entries(batch.targets).map(([name, values]) => [name, rowOf(values, row, rows)] as const);
    const [outputs, losses] = [rowOf(batch.outputs, row, rows), rowOf(batch.losses, row, rows)];
    evaluator.add(outputs, Object.fromEntries(targets), losses, row);
  }
  return evaluator.finish();
}

const floats = (values: readonly number[]) => Float32Array.from(values);
const ones = (count: number) => new Float32Array(count).fill(1);
const namesOf = (count: number) => Array.from({ length: count }, (_, i) => `c${i}`);

const batchOf = ({ logits, losses }: ScoredCase, labels: FeedValues): Batch => ({
  rows: losses.length,
  outputs: floats(logits),
  targets: { labels, weights: ones(losses.length) },
  losses: floats(losses),
});

/** Every figure of the fixture to 12 digits, the losses (which are float32) to 6; null is left out of a report. */
function agrees({ metrics }: EvaluationReport, figures: Readonly<Record<string, number | null>>): void {
  for (const [name, expected] of Object.entries(figures)) {
    if (expected === null) expect(metrics).not.toHaveProperty(name);
    else expect(metrics[name], name).toBeCloseTo(expected, name === 'loss' || name === 'perplexity' ? 6 : 12);
  }
}

function perClassAgrees({ perClass }: EvaluationReport, expected: ScoredCase): void {
  expect(perClass).toHaveLength(expected.classes);
  perClass!.forEach((found, i) => {
    for (const [name, value] of Object.entries(expected.perClass[i]!)) {
      expect(found[name as keyof typeof found], `${name} of ${i}`).toBeCloseTo(value!, 12);
    }
    for (const name of ['auroc', 'auprc'] as const) {
      const value = expected[`${name}ByClass`]?.[i];
      if (value === null) expect(found[name]).toBeNull();
      else if (value !== undefined) expect(found[name]).toBeCloseTo(value, 12);
    }
  });
}

/** The names that a split with all its figures has. */
const reported = ({ metrics }: EvaluationReport) => Object.keys(metrics).filter((name) => name !== 'examples');
const promised = (job: Job, classes?: number) => metricsOf(job, classes).map(({ name }) => name);

describe('classes', () => {
  test.each(metricFixtures.classes)('$name', (given) => {
    const report = reportOf(jobOf({}), namesOf(given.classes), batchOf(given, Int32Array.from(given.labels)));
    agrees(report, given.figures);
    perClassAgrees(report, given);
    expect(report.confusion).toEqual(given.confusion);
    expect(report.metrics.examples).toBe(given.labels.length);
    const undefinedHere = Object.entries(given.figures).filter(([, value]) => value === null);
    const expected = promised(jobOf({}), given.classes).filter((name) => !undefinedHere.some(([key]) => key === name));
    expect(reported(report).sort()).toEqual(expected.sort());
  });

  test('the worst are those of the largest loss, with what was predicted and how surely', () => {
    const outputs = floats([2, 0, 0, 3, 1, 1, 0, 1]);
    const batch = {
      rows: 4,
      outputs,
      targets: { labels: Int32Array.of(0, 0, 1, 0) },
      losses: floats([0.1, 3, 0.7, 3]),
    };
    const { worst } = reportOf(jobOf({}), ['no', 'yes'], batch, [3, 0, 2, 1]);
    expect(worst.map(({ example }) => example)).toEqual([1, 3, 2, 0]);
    expect(worst[0]).toEqual({
      ...{ example: 1, loss: 3, label: 'no', predicted: 'yes' },
      confidence: expect.closeTo(1 / (1 + Math.exp(-3)), 12),
    });
    expect(worst[2]).toMatchObject({ predicted: 'no', confidence: 0.5 }); // of equals the first
  });
});

describe('many labels', () => {
  const job = jobOf({ multiLabel: true });

  test.each(metricFixtures.manyLabels)('$name', (given) => {
    const report = reportOf(job, namesOf(given.classes), batchOf(given, floats(given.flags)));
    agrees(report, given.figures);
    perClassAgrees(report, given);
    if (given.figures.auroc !== null) expect(reported(report).sort()).toEqual(promised(job).sort());
  });

  test('the worst have their classes and those predicted, from one half on', () => {
    const targets = { labels: floats([1, 1, 0, 0, 0, 0]) };
    const batch = { rows: 2, outputs: floats([-1, 0, 2, -1, -1, -1]), targets, losses: floats([2, 1]) };
    expect(reportOf(job, ['a', 'b', 'c'], batch).worst).toEqual([
      { example: 0, label: ['a', 'b'], predicted: ['b', 'c'], loss: 2 },
      { example: 1, label: [], predicted: [], loss: 1 },
    ]);
  });
});

describe('numbers', () => {
  const job = jobOf({}, { task: 'tabular-regression' });

  test.each(metricFixtures.numbers)('$name', ({ values, predicted, figures, quantiles }) => {
    const losses = floats(values.map((value, i) => (predicted[i]! - value) ** 2));
    const targets = { values: floats(values), weights: ones(values.length) };
    const report = reportOf(job, [], { rows: values.length, outputs: floats(predicted), targets, losses });
    agrees(report, figures);
    expect(report.metrics.loss).toBeCloseTo(figures.rmse! ** 2, 1);
    report.residuals!.forEach(({ value }, i) => expect(value).toBeCloseTo(quantiles[i]!, 10));
    expect(report.residuals!.map(({ q }) => q)).toEqual([0, 0.05, 0.25, 0.5, 0.75, 0.95, 1]);
    if (figures.r2 !== null) expect(reported(report).sort()).toEqual(promised(job).sort());
  });

  test('the worst are those of the largest absolute error, on either side', () => {
    const batch = {
      rows: 3,
      outputs: floats([1, 5, 3]),
      targets: { values: floats([4, 5, 2]) },
      losses: floats([0, 0, 9]),
    };
    expect(reportOf(job, [], batch).worst).toEqual([
      { example: 0, label: 4, predicted: 1, loss: 0 },
      { example: 2, label: 2, predicted: 3, loss: 9 },
      { example: 1, label: 5, predicted: 5, loss: 0 },
    ]);
  });
});

describe('tags', () => {
  const job = jobOf({}, { task: 'token-classification' });

  /** Rows padded to the longest by positions that weigh nothing, and every second position by one more. */
  function tagBatch(tags: readonly string[], truth: readonly (readonly string[])[], predicted: typeof truth): Batch {
    const bucket = 2 * Math.max(...truth.map((row) => row.length));
    const rows = truth.length;
    const labels = new Int32Array(rows * bucket);
    const [weights, losses] = [new Float32Array(rows * bucket), new Float32Array(rows * bucket).fill(NaN)];
    const outputs = new Float32Array(rows * bucket * tags.length);
    truth.forEach((row, i) =>
      row.forEach((tag, at) => {
        const place = i * bucket + 2 * at;
        labels[place] = tags.indexOf(tag);
        weights[place] = 1;
        losses[place] = i + 1;
        outputs[place * tags.length + tags.indexOf(predicted[i]![at]!)] = 1;
      }),
    );
    return { rows, outputs, targets: { labels, weights }, losses };
  }

  test.each(metricFixtures.entities)('$name', ({ truth, predicted, figures, byType, accuracy }) => {
    const tags = [...new Set([...truth.flat(), ...predicted.flat()])];
    const report = reportOf(job, tags, tagBatch(tags, truth, predicted));
    agrees(report, { ...figures, accuracy });
    expect(report.perClass!.map(({ label }) => label)).toEqual(Object.keys(byType).sort());
    const losses = truth.map((row, i) => row.length * (i + 1)).reduce((a, b) => a + b);
    expect(report.metrics.loss).toBeCloseTo(losses / truth.flat().length, 12);
    expect(reported(report).sort()).toEqual(promised(job).sort());
  });

  test.each(metricFixtures.entities)('$name, where tags do not mark entities', ({ truth, predicted, ofTags }) => {
    const plain = (rows: typeof truth) => rows.map((row) => row.map((tag) => `t${tag}`));
    const tags = [...new Set([...plain(truth).flat(), ...plain(predicted).flat()]), 'never'];
    const report = reportOf(job, tags, tagBatch(tags, plain(truth), plain(predicted)));
    agrees(report, ofTags);
    expect(report.perClass!.map(({ label }) => label)).toEqual(tags);
    expect(report.confusion!.flat().reduce((a, b) => a + b)).toBe(truth.flat().length);
  });

  test('the worst have the tags of the positions that count', () => {
    const batch = tagBatch(['O', 'B-A'], [['O', 'B-A'], ['O']], [['O', 'O'], ['O']]);
    expect(reportOf(job, ['O', 'B-A'], batch).worst).toEqual([
      { example: 1, label: ['O'], predicted: ['O'], loss: 2 },
      { example: 0, label: ['O', 'B-A'], predicted: ['O', 'O'], loss: 1 },
    ]);
  });
});

describe('a language model', () => {
  const job = jobOf({}, { task: 'causal-lm' });

  test.each(metricFixtures.language)('$name', ({ labels, weights, predicted, losses, figures }) => {
    const targets = { labels: Int32Array.from(labels), weights: floats(weights) };
    const batch = { outputs: floats(predicted), targets, losses: floats(losses) };
    for (const rows of [1, 4]) {
      const report = reportOf(job, [], { rows, ...batch });
      agrees(report, figures);
      expect(report.metrics.examples).toBe(rows);
      expect(report.worst).toHaveLength(rows);
      expect(reported(report).sort()).toEqual(promised(job).sort());
    }
  });

  test('is refused by scores in place of tokens', () => {
    const targets = { labels: new Int32Array(2), weights: ones(2) };
    const batch = { rows: 1, outputs: new Float32Array(8), targets, losses: ones(2) };
    expect(() => reportOf(job, [], batch)).toThrow('likeliest tokens, one a position: found 8 for 2 positions');
  });
});

describe('whatever the order of the examples,', () => {
  const given = metricFixtures.classes[0]!;
  const rows = given.losses.length;
  const random = seededRandom(9);
  const shuffled = Array.from({ length: rows }, (_, row) => [random(), row] as const)
    .sort(([a], [b]) => a - b)
    .map(([, row]) => row);
  /** Losses of which the sum depends on the order. */
  const wild = floats(given.losses.map((loss, i) => loss * 10 ** (((7 * i) % 19) - 9)));
  const target = Int32Array.from(given.labels);
  const cases: [Job, number, Batch][] = [
    [jobOf({}), 7, { ...batchOf(given, target), losses: wild }],
    [
      jobOf({ multiLabel: true }),
      7,
      {
        ...batchOf(
          given,
          floats(given.labels.flatMap((label) => [0, 1, 2, 3, 4, 5, 6].map((c) => Number(c === label)))),
        ),
        losses: wild,
      },
    ],
    [
      jobOf({}, { task: 'tabular-regression' }),
      0,
      { rows, outputs: wild, targets: { values: floats(given.losses) }, losses: wild },
    ],
    [
      jobOf({}, { task: 'token-classification' }),
      7,
      { rows, outputs: floats(given.logits), targets: { labels: target, weights: ones(rows) }, losses: wild },
    ],
    [
      jobOf({}, { task: 'causal-lm' }),
      0,
      { rows, outputs: floats(given.labels), targets: { labels: target, weights: ones(rows) }, losses: wild },
    ],
  ];

  test.each(cases.map(([job, classes, batch]) => ({ task: job.task, job, classes, batch })))(
    'a report of $task is the same to the last bit',
    ({ job, classes, batch }) => {
      const names = namesOf(classes);
      const expected = reportOf(job, names, batch);
      expect(reportOf(job, names, batch, shuffled)).toEqual(expected);
      expect(reportOf(job, names, batch, [...shuffled].reverse())).toEqual(expected);
      // and this order would have shown in a sum as they come
      const inTurn = (order: readonly number[]) => order.reduce((sum, row) => sum + wild[row]!, 0);
      expect(inTurn(shuffled)).not.toBe(inTurn([...shuffled.keys()]));
    },
  );

  test('thousands of examples all count', () => {
    const count = 3000;
    const values = Float32Array.from({ length: count }, (_, i) => i);
    const batch = { rows: count, outputs: new Float32Array(count), targets: { values }, losses: values };
    const job = jobOf({}, { task: 'tabular-regression' });
    for (const order of [[...values.keys()], [...values.keys()].reverse()]) {
      const { metrics } = reportOf(job, [], batch, order);
      expect(metrics).toMatchObject({ examples: count, loss: (count - 1) / 2, mae: (count - 1) / 2 });
    }
  });

  test('an example counts once', () => {
    expect(() =>
      reportOf(
        jobOf({}),
        namesOf(7),
        batchOf(given, target),
        [3, 700, 3].map((row) => row % rows),
      ),
    ).toThrow('example 3 was evaluated twice');
  });
});

describe('the worst', () => {
  const listed = (badness: readonly number[], kept: number, order = [...badness.keys()]) => {
    const worst = new Worst(kept);
    for (const example of order) worst.add(example, badness[example]!, () => ({ loss: badness[example]! }));
    return worst.list().map(({ example }) => example);
  };

  test('are found among many, of equals the earlier', () => {
    const badness = Array.from({ length: 500 }, (_, i) => (i * 37) % 100);
    const expected = badness.map((bad, i) => ({ bad, i })).sort((a, b) => b.bad - a.bad || a.i - b.i);
    const first = expected.slice(0, 7).map(({ i }) => i);
    expect(listed(badness, 7)).toEqual(first);
    const backwards = [...badness.keys()].reverse();
    expect(listed(badness, 7, backwards)).toEqual(first);
    const alike = badness.map(() => 1);
    expect(listed(alike, 3, backwards)).toEqual([0, 1, 2]);
  });

  test('are first those that are not numbers', () => {
    expect(listed([1, NaN, Infinity, 5, NaN], 4)).toEqual([1, 2, 4, 3]);
  });
});
