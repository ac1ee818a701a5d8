import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { compile, type FeedValues, type InputSpec } from '../../training/compile/program.js';
import { evaluatedOutputs, lossProblem, objectiveFor, weightedMean } from '../../training/objectives/index.js';
import type { Objective } from '../../training/objectives/objective.js';
import { sparseCrossEntropy } from '../../training/ops/direct.js';
import { tf, type Tensor } from '../../training/tensorflow.js';
import { jobOf } from '../data/job-of.js';

interface Expected {
  readonly loss: string;
  readonly label_smoothing?: number;
  readonly gamma?: number;
  readonly delta?: number;
  readonly losses: readonly number[];
  readonly gradient: readonly number[];
}

const fixture = JSON.parse(readFileSync(new URL('../fixtures/losses.json', import.meta.url), 'utf8')) as Record<
  'logits' | 'labels' | 'flags' | 'outputs' | 'values' | 'upstream',
  number[]
> &
  Record<'ofClasses' | 'ofManyLabels' | 'ofNumbers', Expected[]> & { rows: number; classes: number };
const { rows, classes } = fixture;

/** Largest difference over the largest expected value. */
function relative(found: ArrayLike<number>, expected: readonly number[]): number {
  expect(found).toHaveLength(expected.length);
  const scale = Math.max(...expected.map(Math.abs));
  expect(scale).toBeGreaterThan(0);
  return Math.max(...expected.map((value, i) => Math.abs(found[i]! - value))) / scale;
}

const trainOf = ({ loss, label_smoothing: labelSmoothing = 0, gamma, delta }: Expected) => ({
  loss: loss === 'focal' ? { name: loss, gamma } : loss === 'huber' ? { name: loss, delta } : loss,
  labelSmoothing,
});

interface Fed {
  readonly outputs: { readonly shape: readonly number[]; readonly values: readonly number[] };
  readonly targets: Readonly<Record<string, FeedValues>>;
}

const asClasses: Fed = {
  outputs: { shape: [rows, classes], values: fixture.logits },
  targets: { labels: Int32Array.from(fixture.labels), weights: new Float32Array(rows).fill(1) },
};
const asManyLabels: Fed = {
  outputs: asClasses.outputs,
  targets: { labels: Float32Array.from(fixture.flags), weights: new Float32Array(rows).fill(1) },
};
const asNumbers: Fed = {
  outputs: { shape: [rows, 1], values: fixture.outputs },
  targets: { values: Float32Array.from(fixture.values), weights: new Float32Array(rows).fill(1) },
};

const cases = [
  ...fixture.ofClasses.flatMap((expected) =>
    (['text-classification', 'token-classification'] as const).map((task) => ({ task, expected, fed: asClasses })),
  ),
  ...fixture.ofClasses
    .filter(({ loss }) => loss === 'cross-entropy')
    .map((expected) => ({ task: 'causal-lm' as const, expected, fed: asClasses })),
  ...fixture.ofManyLabels.map((expected) => ({ task: 'text-classification' as const, expected, fed: asManyLabels })),
  ...fixture.ofNumbers.map((expected) => ({ task: 'tabular-regression' as const, expected, fed: asNumbers })),
].map(({ task, expected, fed }) => {
  const multiLabel = fed === asManyLabels;
  const settings = Object.entries(expected).filter(([key]) => ['label_smoothing', 'gamma', 'delta'].includes(key));
  const name = `${expected.loss}${settings.map(([key, value]) => `, ${key} ${value}`).join('')}`;
  const job = jobOf({ multiLabel }, { task, train: trainOf(expected) });
  return { name: `${name} of ${task}${multiLabel ? ' with many labels' : ''}`, job, expected, fed };
});

/** Losses and the gradient of their upstream-weighted sum, through the compiled graph. */
function computed(objective: Objective, { outputs, targets }: Fed, perPosition: boolean, training = true) {
  // Token tasks have rows · bucket output rows: here 4 · (rows / 4).
  const [batch, bucket] = perPosition ? [4, rows / 4] : [rows, 16];
  const specs = objective.targets(batch, bucket);
  expect(Object.keys(specs).sort()).toEqual(Object.keys(targets).sort());
  const inputs: Record<string, InputSpec> = {
    ...specs,
    outputs: { shape: outputs.shape, dtype: 'float32' },
    upstream: { shape: [rows], dtype: 'float32' },
  };
  const program = compile({
    variables: new Map(),
    functions: {
      loss: {
        inputs,
        trace({ outputs, upstream, ...targets }) {
          const losses = objective.losses(outputs!, targets, training);
          const total = (x: Tensor) => tf.sum(tf.mul(objective.losses(x, targets, training), upstream!));
          return { outputs: { losses, gradient: tf.grad(total as never)(outputs!) } };
        },
      },
    },
  });
  const found = program.run('loss', {
    ...targets,
    outputs: Float32Array.from(outputs.values),
    upstream: Float32Array.from(fixture.upstream),
  });
  program.close();
  return found as { losses: Float32Array; gradient: Float32Array };
}

test.each(cases)('$name has the values and gradients of torch', ({ job, expected, fed }) => {
  const outputs = fed.outputs.shape[1]!;
  const perPosition = job.task === 'token-classification' || job.task === 'causal-lm';
  const found = computed(objectiveFor(job, outputs), fed, perPosition);
  expect(relative(found.losses, expected.losses)).toBeLessThan(1e-5);
  expect(relative(found.gradient, expected.gradient)).toBeLessThan(1e-5);
});

/** The same losses by public tfjs ops, whose gradients are tfjs's own. */
const composed: Record<string, (x: Tensor, target: Tensor, expected: Expected) => Tensor> = {
  'cross-entropy': (x, labels, { label_smoothing: smoothing = 0 }) => {
    const soft = tf.add(tf.mul(tf.oneHot(labels, classes).toFloat(), 1 - smoothing), smoothing / classes);
    return tf.neg(tf.sum(tf.mul(soft, tf.logSoftmax(x)), -1));
  },
  'focal of classes': (x, labels, { gamma }) => {
    const logP = tf.sum(tf.mul(tf.oneHot(labels, classes).toFloat(), tf.logSoftmax(x)), -1);
    return tf.neg(tf.mul(tf.pow(tf.sub(1, tf.exp(logP)), gamma!), logP));
  },
  bce: (x, flags) => tf.mean(tf.losses.sigmoidCrossEntropy(flags, x, 1, 0, 0 as never), 1),
  'focal of labels': (x, flags, { gamma }) => {
    const element = tf.losses.sigmoidCrossEntropy(flags, x, 1, 0, 0 as never);
    return tf.mean(tf.mul(tf.pow(tf.sub(1, tf.exp(tf.neg(element))), gamma!), element), 1);
  },
  mse: (x, values) => tf.square(tf.sub(tf.reshape(x, [-1]), values)),
  mae: (x, values) => tf.abs(tf.sub(tf.reshape(x, [-1]), values)),
  huber: (x, values, { delta }) => {
    const size = tf.abs(tf.sub(tf.reshape(x, [-1]), values));
    const quadratic = tf.minimum(size, delta!);
    return tf.sub(tf.mul(size, quadratic), tf.mul(tf.square(quadratic), 0.5));
  },
};

test.each(cases.filter(({ job, expected: { gamma } }) => job.task !== 'causal-lm' && gamma !== 0 && gamma !== 0.5))(
  '$name has the gradient that tfjs finds',
  ({ job, expected, fed }) => {
    // Of (1 - p)^gamma tfjs has 0/0 where p is 1 (rows 2 and 3; gammas below 1), and of |0| not 0 (row 0).
    const weights = fixture.upstream.map((weight, row) => ([0, 2, 3].includes(row) ? 0 : weight));
    const plain = (values: readonly number[]) =>
      values.map((value, i) => ([2, 3].includes(Math.floor(i / (values.length / rows))) ? 0.1 : value));
    const { labels = fed.targets.values! } = fed.targets;
    const kind = expected.loss === 'focal' ? `focal of ${fed === asManyLabels ? 'labels' : 'classes'}` : expected.loss;
    const [ours, theirs] = tf.tidy(() => {
      const x = tf.tensor(plain(fed.outputs.values), [...fed.outputs.shape]);
      const shape = labels.length === rows ? [rows] : [rows, classes];
      const target = tf.tensor(labels, shape, labels instanceof Int32Array ? 'int32' : 'float32');
      const objective = objectiveFor(job, x.shape[1]!);
      const loss = (x: Tensor) => objective.losses(x, { labels: target, values: target }, true);
      const reference = (x: Tensor) => composed[kind]!(x, target, expected);
      return [loss, reference].map((losses) => {
        const total = (x: Tensor) => tf.sum(tf.mul(losses(x), tf.tensor1d(weights)));
        return Array.from(
          tf
            .grad(total as never)(x)
            .dataSync(),
        );
      });
    });
    expect(relative(ours!, theirs!)).toBeLessThan(2e-5);
  },
);

describe('losses', () => {
  test('of cross-entropy are not smoothed in evaluation', () => {
    const smooth = objectiveFor(jobOf({}, { train: { labelSmoothing: 0.4 } }), classes);
    const plain = objectiveFor(jobOf({}), classes);
    const found = computed(smooth, asClasses, false, false).losses;
    expect(found).toEqual(computed(plain, asClasses, false).losses);
    expect(found).not.toEqual(computed(smooth, asClasses, false).losses);
  });

  test.each([0, 0.5, 1, 2])('of focal loss and their gradients are zero where the model is sure, gamma %f', (gamma) => {
    const sure: Fed = {
      outputs: { shape: [rows, classes], values: fixture.logits.map((_, i) => (i % classes === 0 ? 200 : 0)) },
      targets: { labels: new Int32Array(rows), weights: new Float32Array(rows) },
    };
    const { losses, gradient } = computed(
      objectiveFor(jobOf({}, { train: { loss: { name: 'focal', gamma } } }), classes),
      sure,
      false,
    );
    expect(losses.every((loss) => loss === 0)).toBe(true);
    expect(gradient.every((value) => Math.abs(value) < 1e-30)).toBe(true);
  });

  test('of the default are those that the task is known for', () => {
    const errors = asNumbers.outputs.values.map((value, i) => (value - fixture.values[i]!) ** 2);
    const number = objectiveFor(jobOf({}, { task: 'tabular-regression' }), 1);
    expect(relative(computed(number, asNumbers, false).losses, errors)).toBeLessThan(1e-6);
    const many = objectiveFor(jobOf({ multiLabel: true }), classes);
    expect(relative(computed(many, asManyLabels, false).losses, fixture.ofManyLabels[0]!.losses)).toBeLessThan(1e-5);
  });
});

describe('weightedMean', () => {
  const gradientOf = (loss: (x: Tensor) => Tensor, x: Tensor) => {
    const { value, grad } = tf.valueAndGrad(loss as never)(x);
    return [value.dataSync()[0], grad.dataSync()];
  };
  const logits = () => tf.tensor2d(fixture.logits, [rows, classes]);
  const labels = () => tf.tensor1d(fixture.labels, 'int32');

  test('of a classification batch has the bits that one op for the mean loss had', () => {
    const weights = new Float32Array(rows).fill(1, 0, rows - 1); // the last row fills up
    const [now, before] = tf.tidy(() => {
      const [y, w] = [labels(), tf.tensor1d(weights)];
      const objective = objectiveFor(jobOf({}), classes);
      const total = tf.scalar(rows - 1);
      const now = gradientOf((x) => weightedMean(objective.losses(x, { labels: y }, true), w, total), logits());
      const [losses, gradient] = sparseCrossEntropy(logits(), y);
      const share = tf.div(w, tf.sum(w));
      const backward = tf.mul(gradient, tf.mul(tf.reshape(share, [-1, 1]), tf.scalar(1)));
      return [now, [tf.sum(tf.mul(losses, share)).dataSync()[0], backward.dataSync()]];
    });
    expect(now).toEqual(before);
  });

  test('of two parts adds up to that of the whole', () => {
    const [whole, ...parts] = tf.tidy(() => {
      const objective = objectiveFor(jobOf({}), classes);
      return [
        [0, rows],
        [0, 5],
        [5, rows],
      ].map(([from, to]) => {
        const some = [from!, to! - from!] as const;
        const losses = objective.losses(
          tf.slice(logits(), some[0], some[1]),
          { labels: tf.slice(labels(), some[0], some[1]) },
          true,
        );
        return weightedMean(
          losses,
          tf.slice(tf.tensor1d(fixture.upstream), some[0], some[1]),
          tf.scalar(6),
        ).dataSync()[0]!;
      });
    });
    expect(parts[0]! + parts[1]!).toBeCloseTo(whole!, 5);
    expect(whole).not.toBeCloseTo(parts[0]!, 2);
  });
});

test('evaluation fetches the likeliest tokens of a language model, and all outputs of others', () => {
  const [tokens, outputs] = tf.tidy(() => {
    const x = tf.tensor2d([0, 3, 1, 5, 2, 2, 1, 1, 4], [3, 3]);
    return [evaluatedOutputs(jobOf({}, { task: 'causal-lm' }), x), evaluatedOutputs(jobOf({}), x)].map((each) =>
      Array.from(each.dataSync()),
    );
  });
  expect(tokens).toEqual([1, 0, 2]);
  expect(outputs).toHaveLength(9);
});

test.each([
  [
    'text-classification',
    { loss: 'mse' },
    'train.loss: expected `auto`, `cross-entropy` or `focal` for text-classification, found `mse`',
  ],
  [
    'tabular-regression',
    { loss: 'focal' },
    'train.loss: expected `auto`, `mse`, `mae` or `huber` for tabular-regression, found `focal`',
  ],
  [
    'causal-lm',
    { loss: { name: 'focal' } },
    'train.loss: expected `auto` or `cross-entropy` for causal-lm, found `focal`',
  ],
  [
    'image-classification',
    { loss: 'focal', labelSmoothing: 0.1 },
    'train.labelSmoothing: expected 0, found 0.1: it spreads the target of cross-entropy and does nothing for focal; set it to 0 or train.loss to `cross-entropy`',
  ],
  [
    'tabular-regression',
    { labelSmoothing: 0.1 },
    'train.labelSmoothing: expected 0, found 0.1: it spreads the target of cross-entropy and does nothing for mse; set it to 0',
  ],
])('%s with %o is refused in a sentence', (task, train, sentence) => {
  const job = jobOf({}, { task, train });
  expect(lossProblem(job)).toBe(sentence);
  expect(() => objectiveFor(job, 3)).toThrow(sentence);
});

test('many labels train by binary cross-entropy or focal loss, and by nothing else', () => {
  const withLoss = (loss: string) => lossProblem(jobOf({ multiLabel: true }, { train: { loss } }));
  expect(['auto', 'bce', 'focal'].map(withLoss)).toEqual([null, null, null]);
  expect(withLoss('cross-entropy')).toContain('text-classification with many labels, found `cross-entropy`');
});
