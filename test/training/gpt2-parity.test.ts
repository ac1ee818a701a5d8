import { beforeAll, expect, test } from 'vitest';
import { compile, type FunctionSpec, type Program } from '../../training/compile/program.js';
import type { Pass } from '../../training/model.js';
import { gpt2Model } from '../../training/models/gpt2.js';
import { meanCrossEntropy } from '../../training/ops/cross-entropy.js';
import { noDropout } from '../../training/ops/dropout.js';
import { tf, type Tensor } from '../../training/tensorflow.js';
import { expected, jobOf, languageBatch, openTinyGpt2 } from '../support/tiny-gpt2.js';
import { evaluationPass } from '../../training/step-functions.js';

const pass: Pass = {
  training: true,
  dropout: noDropout,
  block: evaluationPass.block,
  isFrozen: () => false,
  update: () => undefined,
};
const ROWS = expected.batches[0]!.length;
const bucketOf = (rows: readonly (readonly number[])[], padding: number) =>
  Math.max(...rows.map((row) => row.length)) + padding;

let tiny: Awaited<ReturnType<typeof openTinyGpt2>>;
beforeAll(async () => {
  tiny = await openTinyGpt2();
});

/** Loss, scores and the gradient of every tensor of a batch of token rows. */
function languageFunction(bucket: number): FunctionSpec {
  const model = gpt2Model(tiny.config, jobOf('causal-lm'), 0);
  const names = model.tensors.map(({ name }) => name);
  return {
    inputs: {
      ...model.inputs(ROWS, bucket),
      labels: { shape: [ROWS * bucket], dtype: 'int32' },
      weights: { shape: [ROWS * bucket], dtype: 'float32' },
    },
    trace(inputs, variable) {
      let scores: Tensor;
      const loss = (...trained: Tensor[]) => {
        const byName = new Map(names.map((name, i) => [name, trained[i]!]));
        const parameters = (name: string) => byName.get(name)!;
        scores = tf.keep(model.outputs(parameters, model.features(parameters, inputs, pass), inputs, pass));
        return meanCrossEntropy(scores, inputs['labels']!, inputs['weights']!) as never;
      };
      const { value, grads } = tf.valueAndGrads(loss)(names.map(variable));
      const gradients = Object.fromEntries(names.map((name, i) => [`gradient/${name}`, grads[i]!]));
      return { outputs: { loss: value, scores: scores!, ...gradients } };
    },
  };
}

function withWeights(
  functions: Record<string, FunctionSpec>,
  tensors: readonly { name: string; shape: readonly number[] }[],
) {
  const program = compile({ variables: new Map(tensors.map(({ name, shape }) => [name, shape])), functions });
  for (const [name, values] of tiny.weights) program.assign(name, values);
  return program;
}

const languageProgram = (buckets: readonly number[]): Program =>
  withWeights(
    Object.fromEntries(buckets.map((bucket) => [`${bucket}`, languageFunction(bucket)])),
    gpt2Model(tiny.config, jobOf('causal-lm'), 0).tensors,
  );

test.each([0, 5])('scores, loss and gradients are those of transformers, %i more columns of padding', (padding) => {
  const rows = expected.batches[0]!;
  const bucket = bucketOf(rows, padding);
  const program = languageProgram([bucket]);
  const found = program.run(`${bucket}`, languageBatch(rows, bucket));
  program.close();

  expect(Math.abs(found['loss']![0]! / expected.loss - 1)).toBeLessThan(1e-5);
  const { vocabSize } = tiny.config;
  const places = rows.flatMap((row, i) => row.map((_, place) => i * bucket + place));
  expect(places).toHaveLength(expected.logits.length);
  places.forEach((place, i) => {
    const scores = found['scores']!.subarray(place * vocabSize, (place + 1) * vocabSize);
    expected.logits[i]!.forEach((score, at) =>
      expect(Math.abs(scores[at * expected.everyLogit]! - score), `position ${place}`).toBeLessThan(1e-4),
    );
  });
  expect(expected.gradients).toHaveLength(tiny.weights.size);
  for (const { name, norm, at, values } of expected.gradients) {
    const gradient = found[`gradient/${name.replace(/^transformer\./, '')}`]!;
    const scale = Math.max(...values.map(Math.abs));
    at.forEach((place, i) => {
      const difference = Math.abs(gradient[place]! - values[i]!);
      expect(difference / scale, `${name}[${place}]`).toBeLessThan(1e-4);
    });
    const length = Math.sqrt(gradient.reduce((sum, value) => sum + value * value, 0));
    expect(Math.abs(length / norm - 1), `${name}, its norm`).toBeLessThan(1e-4);
  }
});

test('the losses of 20 steps of AdamW follow PyTorch to 1e-3', () => {
  const buckets = [...new Set(expected.batches.map((rows) => bucketOf(rows, 0)))];
  const program = languageProgram(buckets);
  const state = new Map([...tiny.weights].map(([name, values]) => [name, adamWState(values)]));
  expected.batches.forEach((rows, i) => {
    const bucket = bucketOf(rows, 0);
    const found = program.run(`${bucket}`, languageBatch(rows, bucket));
    expect(Math.abs(found['loss']![0]! - expected.losses[i]!), `step ${i + 1}`).toBeLessThan(1e-3);
    for (const [name, each] of state) {
      const decay = /bias$|ln_/.test(name) ? 0 : expected.weightDecay;
      program.assign(name, adamWStep(each, found[`gradient/${name}`]!, i + 1, decay));
    }
  });
  program.close();
});

const adamWState = (weight: Float32Array) => ({
  weight: Float64Array.from(weight),
  m: new Float64Array(weight.length),
  v: new Float64Array(weight.length),
});

/** Loshchilov & Hutter, 2019, in doubles. */
function adamWStep(
  { weight, m, v }: ReturnType<typeof adamWState>,
  gradient: Float32Array,
  step: number,
  decay: number,
) {
  const { learningRate, betas, epsilon } = expected;
  for (let i = 0; i < weight.length; i++) {
    m[i] = betas[0] * m[i]! + (1 - betas[0]) * gradient[i]!;
    v[i] = betas[1] * v[i]! + (1 - betas[1]) * gradient[i]! ** 2;
    const spread = Math.sqrt(v[i]! / (1 - betas[1] ** step)) + epsilon;
    weight[i]! -= learningRate * (m[i]! / (1 - betas[0] ** step) / spread + decay * weight[i]!);
  }
  return Float32Array.from(weight);
}

test.each(['native', 'mean'] as const)('the scores of a class are read off the last token (%s head)', (pooling) => {
  const model = gpt2Model(tiny.config, jobOf('text-classification', pooling), expected.classes);
  const rows = expected.batches[0]!;
  const bucket = bucketOf(rows, 3);
  const bias = [0.5, -1, 2];
  const program = withWeights(
    {
      classify: {
        inputs: model.inputs(ROWS, bucket),
        trace: (inputs, variable) => ({
          outputs: { scores: model.outputs(variable, model.features(variable, inputs, pass), inputs, pass) },
        }),
      },
    },
    model.tensors,
  );
  const count = expected.classes * tiny.config.width;
  program.assign(
    'head.weight',
    Float32Array.from({ length: count }, (_, i) => 0.1 * Math.sin(0.37 * i + 1)),
  );
  if (pooling === 'mean') program.assign('head.bias', Float32Array.from(bias));
  const { ids, mask } = languageBatch(rows, bucket);
  const { scores } = program.run('classify', { ids, mask });
  program.close();
  expected.classified.flat().forEach((score, i) => {
    const added = pooling === 'mean' ? bias[i % expected.classes]! : 0;
    expect(Math.abs(scores![i]! - score - added), `score ${i}`).toBeLessThan(1e-4);
  });
});
