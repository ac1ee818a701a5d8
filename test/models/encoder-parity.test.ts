import { describe, expect, test } from 'vitest';
import { openTokenizer } from '../../data/tokenize.js';
import { dropoutMasks } from '../../training/ops/dropout.js';
import { tf, type Tensor } from '../../training/tensorflow.js';
import { draw } from '../../training/counter-random.js';
import { jobOf } from './job-of.js';
import { openModel } from './open-model.js';
import {
  evaluation,
  feedsOf,
  fixturePath,
  keysOf,
  labels,
  models,
  realRows,
  runModel,
  tags,
  titleOf,
  withHead,
  worst,
} from './tiny-encoders.js';

const TOLERANCE = 1e-4;

function groupBy(items: readonly number[], keyOf: (item: number) => string): Map<string, number[]> {
  const groups = new Map<string, number[]>();
  for (const item of items) groups.set(keyOf(item), [...(groups.get(keyOf(item)) ?? []), item]);
  return groups;
}

describe.each(models.map((one) => ({ ...one, title: titleOf(one) })))('$title, as Hugging Face has it:', (one) => {
  const path = fixturePath(one.folder);

  test('hidden states and scores of every token of a padded batch', async () => {
    const job = jobOf({ task: 'token-classification', ...keysOf(one) });
    const { model, weights } = await openModel(path, job, tags);
    withHead(weights, one.heads.head);
    const { features, outputs } = runModel(model, weights, one);
    expect(worst(realRows(features, one), one.hidden.flat())).toBeLessThan(TOLERANCE);
    expect(worst(realRows(outputs, one), one.tokenLogits.flat())).toBeLessThan(TOLERANCE);
  });

  test('the mean of the token vectors, and the first', async () => {
    const mean = await openModel(path, jobOf(keysOf(one)), labels);
    withHead(mean.weights, { weight: Array<number>(3 * 32).fill(0.1), bias: [1, 2, 3] });
    const ofMean = runModel(mean.model, mean.weights, one);
    expect(worst(ofMean.features, one.mean)).toBeLessThan(TOLERANCE);
    const sums = one.ids.map((_, row) => 0.1 * one.mean.slice(row * 32, row * 32 + 32).reduce((a, b) => a + b));
    expect(
      worst(
        ofMean.outputs,
        sums.flatMap((sum) => [sum + 1, sum + 2, sum + 3]),
      ),
    ).toBeLessThan(TOLERANCE);

    const first = await openModel(path, jobOf({ ...keysOf(one), pooling: 'first' }), labels);
    withHead(first.weights, { weight: Array<number>(3 * 32).fill(0), bias: [0, 0, 0] });
    const expected = one.hidden.flatMap((row) => row.slice(0, 32));
    expect(worst(runModel(first.model, first.weights, one).features, expected)).toBeLessThan(TOLERANCE);
  });

  test("scores of the family's own head", async () => {
    const { model, weights } = await openModel(path, jobOf({ ...keysOf(one), pooling: 'native' }), labels);
    withHead(weights, one.heads.native);
    expect(worst(runModel(model, weights, one).outputs, one.logits)).toBeLessThan(TOLERANCE);
  });

  test.each([
    ['text-classification', 'mean'],
    ['text-classification', 'first'],
    ['text-classification', 'native'],
    ['token-classification', 'mean'],
  ])('the gradient of %s, %s pooling, is the slope of the loss in every tensor', async (task, pooling) => {
    const job = jobOf({ task, pooling, ...keysOf(one) });
    const { model, weights } = await openModel(path, job, labels);
    tf.tidy(() => {
      const trained = model.tensors.map(({ name, shape }) => {
        const count = shape.reduce((a, b) => a * b, 1);
        const values = weights.get(name) ?? Float32Array.from({ length: count }, (_, i) => 0.3 * Math.sin(i));
        return tf.tensor(values, [...shape]);
      });
      const inputs = Object.fromEntries(
        Object.entries(feedsOf(one)).map(([name, values]) => {
          const dtype = values instanceof Int32Array ? 'int32' : 'float32';
          return [name, tf.tensor(values, [one.ids.length, one.ids[0]!.length], dtype)];
        }),
      );
      const masks = () => dropoutMasks(0.1, tf.tensor1d([7, 1], 'int32'));
      const lossOf = (...tensors: Tensor[]) => {
        const byName = new Map(model.tensors.map(({ name }, i) => [name, tensors[i]!]));
        const pass = { ...evaluation, training: true, dropout: masks() };
        const parameters = (name: string) => byName.get(name)!;
        const scores = model.outputs(parameters, model.features(parameters, inputs, pass), inputs, pass);
        // Weights of no symmetry, and none for what padding has.
        const [count, width] = scores.shape as [number, number];
        const weights = tf.tensor(
          Float32Array.from({ length: count * width }, (_, i) => Math.cos(1 + i)),
          [count, width],
        );
        const real = task === 'token-classification' ? tf.reshape(inputs['mask']!, [-1, 1]) : tf.onesLike(scores);
        return tf.sum(tf.mul(tf.mul(scores, weights), real)) as never;
      };
      const { grads } = tf.valueAndGrads(lossOf)(trained);
      // Layers all at once, what is before and after them one by one: rows of tables are where a slice can go wrong.
      const groups = groupBy([...trained.keys()], (i) => {
        const { name } = model.tensors[i]!;
        return /\.layer\.\d/.test(name) ? 'layers' : name;
      });
      for (const [group, members] of groups) {
        const step = group === 'layers' ? 3e-5 : 3e-4; // many small steps together cross a ReLU's corner
        const directions = trained.map((tensor, i) =>
          members.includes(i)
            ? tf.tensor(
                Float32Array.from({ length: tensor.size }, (_, j) => (draw(3, i, j) & 1 ? 1 : -1)),
                tensor.shape,
              )
            : tf.zerosLike(tensor),
        );
        const at = (sign: number) => {
          const moved = trained.map((tensor, i) => tf.add(tensor, tf.mul(directions[i]!, sign * step)));
          return (lossOf as (...tensors: Tensor[]) => Tensor)(...(moved as Tensor[])).dataSync()[0]!;
        };
        const byGradient = members.reduce(
          (sum, i) => sum + tf.sum(tf.mul(grads[i]!, directions[i]!)).dataSync()[0]!,
          0,
        );
        const byDifference = (at(1) - at(-1)) / (2 * step);
        expect(Math.abs(byGradient - byDifference), group).toBeLessThan(0.05 + 0.02 * Math.abs(byDifference));
      }
    });
  });
});

test.each([
  // Embeddings; attention weights, what is mixed, and the output of each of two layers; then the head's.
  ['tiny-bert', 1 + 2 * 3, { mean: 0, first: 0, native: 1 }],
  ['tiny-roberta', 1 + 2 * 3, { mean: 0, first: 0, native: 2 }],
  ['tiny-distilbert', 1 + 2 * 2, { mean: 0, first: 0, native: 1 }],
])('%s drops out where Hugging Face does', async (name, inBase, inHead) => {
  const { ids, mask } = models.find(({ folder }) => folder === name)!;
  for (const [pooling, expected] of [...Object.entries(inHead), ['tokens', 1] as const]) {
    const keys = pooling === 'tokens' ? { task: 'token-classification' } : { pooling };
    const { model } = await openModel(fixturePath(name), jobOf(keys), labels);
    tf.tidy(() => {
      const sites: number[][] = [];
      const dropout = { apply: (x: Tensor) => (sites.push(x.shape), x) };
      const shapes = new Map(model.tensors.map((tensor) => [tensor.name, tensor.shape]));
      const parameters = (tensor: string) => tf.zeros([...shapes.get(tensor)!]);
      const inputs = Object.fromEntries(
        Object.entries({ ids, mask }).map(([key, rows]) => [
          key,
          tf.tensor2d(rows, undefined, key === 'ids' ? 'int32' : 'float32'),
        ]),
      );
      const features = model.features(parameters, inputs, { ...evaluation, dropout });
      expect(sites).toHaveLength(inBase);
      model.outputs(parameters, features, inputs, { ...evaluation, dropout });
      expect(sites.length - inBase, pooling).toBe(expected);
    });
  }
});

test.each(models.filter(({ pairs }) => !pairs))(
  '$folder: its tokenizer gives the ids that the model was fed',
  async (one) => {
    const tokenizer = await openTokenizer(fixturePath(one.folder), 24);
    one.texts.forEach((text, row) => {
      const real = one.ids[row]!.filter((_, i) => one.mask[row]![i] === 1);
      expect([...tokenizer.encode(text as string)]).toEqual(real);
    });
  },
);
