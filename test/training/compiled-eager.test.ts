import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { partPaths } from '../../infra/parts.mjs';
import { tf, type Tensor } from '../../training/tensorflow.js';
import { forwardBackward } from '../../training/step-functions.js';
import { classRows, elements, jobOn, openBaseModel, trainerOf } from '../support/base-model.js';

const TOLERANCE = 1e-5;
const [LENGTH, CLASSES, SEED, RATE] = [16, 5, 7, 1e-4];
// A large epsilon: with 1e-8 the first steps turn the rounding of a tiny gradient into a whole step. Where it stands in the
// formula then shows, too. And the clipping limit is below every norm here.
const settings = { dropout: 0.1, beta1: 0.9, beta2: 0.999, epsilon: 1e-4, weightDecay: 0.01, clipNorm: 0.5 };

const wave = (count: number, scale: number) =>
  Float32Array.from({ length: count }, (_, i) => scale * Math.sin(0.37 * i + 1));
const norm = (values: Float32Array): number => Math.sqrt(values.reduce((sum, value) => sum + value * value, 0));

/** Largest difference of two tensors, and the largest value of the expected one: what the tolerance is relative to. */
function difference(found: Float32Array, expected: Float32Array): [worst: number, scale: number] {
  let [worst, scale] = [0, 0];
  for (let i = 0; i < expected.length; i++) {
    worst = Math.max(worst, Math.abs(found[i]! - expected[i]!)); // NaN stays, and fails
    scale = Math.max(scale, Math.abs(expected[i]!));
  }
  return [worst, scale];
}

/**
 * AdamW as the paper has it (Loshchilov & Hutter, 2019, algorithm 2, with the learning rate as the schedule), in doubles
 * that are rounded once a step: nothing in common with training/optimizers/adamw.ts. Only the betas of the averages are
 * float32, as they must be in the graph: 1 - fround(0.999) is 1.3e-5 off.
 */
function adamW(
  weight: Float32Array,
  m: Float32Array,
  v: Float32Array,
  gradient: Float32Array,
  step: number,
  decay: number,
): void {
  const { beta1, beta2, epsilon } = settings;
  const [keepM, keepV] = [Math.fround(beta1), Math.fround(beta2)];
  for (let i = 0; i < weight.length; i++) {
    const g = gradient[i]!;
    m[i] = keepM * m[i]! + (1 - keepM) * g;
    v[i] = keepV * v[i]! + (1 - keepV) * g * g;
    const unbiased = m[i]! / (1 - beta1 ** step);
    const spread = Math.sqrt(v[i]! / (1 - beta2 ** step));
    weight[i] = weight[i]! - RATE * (unbiased / (spread + epsilon) + decay * weight[i]!);
  }
}

/** Rows of unlike lengths; the batch has one row more, which only fills it up. */
function rowsOf(rows: number, vocabulary: number) {
  const lengths = Array.from({ length: rows - 1 }, (_, row) => (row === 0 ? LENGTH : 3 + ((5 * row) % (LENGTH - 3))));
  let at = 0;
  const ids = lengths.map((length) => Array.from({ length }, () => (7919 * ++at) % vocabulary));
  return classRows(
    ids,
    ids.map((_, row) => row % CLASSES),
    LENGTH,
  );
}

const cases = [
  { name: 'a tiny BERT', folder: fileURLToPath(new URL('../fixtures/tiny-bert', import.meta.url)), rows: 8, steps: 5 },
  { name: 'MiniLM', folder: partPaths().minilm, rows: 4, steps: 3 },
];

test.each(cases)(
  '$steps compiled steps of $name follow eager ones and AdamW by hand',
  async ({ folder, rows, steps }) => {
    const { beta1, beta2, epsilon, dropout, weightDecay, clipNorm } = settings;
    const numbers = `beta1: ${beta1}, beta2: ${beta2}, epsilon: ${epsilon}, weightDecay: ${weightDecay}, clipNorm: ${clipNorm}`;
    const job = jobOn(folder, `batchSize: ${rows}, dropout: ${dropout}, ${numbers}`);
    const { config, model, weights } = await openBaseModel(folder, CLASSES, job);
    const examples = rowsOf(rows, config.vocabSize);
    const all = Int32Array.from({ length: examples.count }, (_, i) => i);
    const batch = examples.gather(all, rows, LENGTH);
    const trainable = model.tensors.map(({ name }) => name).sort();
    const compiled = trainerOf(job, model, CLASSES, [examples]);
    const eager = new Map<string, Float32Array>();
    for (const [name, shape] of compiled.variables) {
      const count = elements(shape);
      const initial = name === 'head.weight' ? wave(count, 0.05) : (weights.get(name) ?? new Float32Array(count));
      compiled.assign(name, initial);
      eager.set(name, Float32Array.from(initial));
    }
    const shapes = new Map(model.tensors.map(({ name, shape }) => [name, [...shape]]));

    for (let step = 1; step <= steps; step++) {
      const found = compiled.trainStep(examples, [all], { epoch: 0, step, seed: SEED, learningRate: RATE });
      tf.tidy(() => {
        const inputs: Record<string, Tensor> = {
          ids: tf.tensor(batch['ids']!, [rows, LENGTH], 'int32'),
          mask: tf.tensor(batch['mask']!, [rows, LENGTH]),
          labels: tf.tensor(batch['labels']!, [rows], 'int32'),
          weights: tf.tensor(batch['weights']!, [rows]),
          normaliser: tf.scalar(examples.count),
          seed: tf.tensor([SEED, step], [2], 'int32'),
        };
        const parameters = new Map(trainable.map((name) => [name, tf.tensor(eager.get(name)!, shapes.get(name)!)]));
        const result = forwardBackward(compiled.spec, trainable, inputs, (name) => parameters.get(name)!);
        const gradients = trainable.map((name) => result.gradients.get(name)!.dataSync() as Float32Array);
        const length = Math.hypot(...gradients.map(norm));
        expect(length, 'clipping has something to do').toBeGreaterThan(settings.clipNorm);
        expect(Math.abs(found.loss / result.loss.dataSync()[0]! - 1), `loss of step ${step}`).toBeLessThan(TOLERANCE);
        expect(Math.abs(found.gradientNorm / length - 1), `gradient norm of step ${step}`).toBeLessThan(TOLERANCE);
        trainable.forEach((name, i) => {
          const clipped = gradients[i]!.map((g) => g * Math.min(1, settings.clipNorm / (length + 1e-6)));
          const [m, v] = [eager.get(`adamw.m/${name}`)!, eager.get(`adamw.v/${name}`)!];
          adamW(eager.get(name)!, m, v, clipped, step, /bias$|LayerNorm/.test(name) ? 0 : settings.weightDecay);
        });
      });
    }
    for (const [name, expected] of eager) {
      const [worst, scale] = difference(compiled.read(name), expected);
      // The gradient of a key's bias is zero (softmax ignores what all keys share), so there is only rounding to compare.
      if (name.endsWith('key.bias')) expect(worst, name).toBeLessThan(1e-7);
      else expect(worst / scale, name).toBeLessThan(TOLERANCE);
    }
    compiled.close();
  },
  120_000,
);
