import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { findLayersModel } from '../../models/keras/import.js';
import { compile } from '../../training/compile/program.js';
import { noDropout } from '../../training/ops/dropout.js';
import { tf, type Tensor } from '../../training/tensorflow.js';
import { openImported } from '../support/imported.js';
import { compiledOutputs, inFolder, relativeDifference, wave } from '../support/published.js';
import { evaluationPass } from '../../training/step-functions.js';

const FOLDER = fileURLToPath(new URL('../fixtures/keras-models', import.meta.url));
const numbers = z.array(z.number());
const fixture = z
  .object({
    models: z.record(
      z.string(),
      z.object({
        file: z.string(),
        input: z.object({ shape: numbers, values: numbers }),
        scores: numbers,
        training: z.object({
          scores: numbers,
          statistics: z.record(z.string(), numbers),
          gradientNorms: z.record(z.string(), z.number()),
        }),
      }),
    ),
  })
  .parse(JSON.parse(readFileSync(join(FOLDER, 'outputs.json'), 'utf8')));

const cases = Object.entries(fixture.models).map(([name, expected]) => ({ name, expected }));

test.each(cases)('$name: the scores of an imported model are those of Keras', ({ name, expected }) =>
  inFolder(name, async (folder) => {
    const { shape, values: input } = expected.input;
    const outputs = expected.scores.length / shape[0]!;
    expect(await findLayersModel(join(FOLDER, expected.file))).toBe(join(FOLDER, expected.file));
    const { model, values } = await openImported(join(FOLDER, expected.file), folder, outputs);
    expect([...values.keys()].sort()).toEqual(model.tensors.map((tensor) => tensor.name).sort());
    const [key, spec] = Object.entries(model.inputs(shape[0]!, shape[1]!))[0]!;
    const feed = spec.dtype === 'int32' ? Int32Array.from(input) : Float32Array.from(input);
    const found = compiledOutputs(model, values, { [key]: { shape, values: feed } }, shape[0]!, shape[1]!);
    expect(relativeDifference(found, Float32Array.from(expected.scores))).toBeLessThan(1e-5);
  }),
);

test.each(cases)('$name: a training pass has the gradients and moving statistics of Keras', ({ name, expected }) =>
  inFolder(name, async (folder) => {
    const { shape, values: input } = expected.input;
    const rows = shape[0]!;
    const outputs = expected.scores.length / rows;
    const { model, values } = await openImported(join(FOLDER, expected.file), folder, outputs);
    const trainable = model.tensors.filter(({ kind }) => kind !== 'statistic').map((tensor) => tensor.name);
    const program = compile({
      variables: new Map(model.tensors.map((tensor) => [tensor.name, tensor.shape])),
      functions: {
        train: {
          inputs: model.inputs(rows, shape[1]!),
          trace(inputs, variable) {
            const updated: Record<string, Tensor> = {};
            let scores: Tensor | undefined;
            const loss = (...tensors: Tensor[]) => {
              const p = (tensor: string) => tensors[trainable.indexOf(tensor)] ?? variable(tensor);
              const update = (statistic: string, value: Tensor) => void (updated[statistic] = tf.keep(value));
              const pass = {
                training: true,
                dropout: noDropout,
                block: evaluationPass.block,
                isFrozen: () => false,
                update,
              };
              scores = tf.keep(model.outputs(p, model.features(p, inputs, pass), inputs, pass));
              return tf.sum(tf.mul(scores, tf.tensor(wave(scores.size, 5, 1.5), scores.shape)));
            };
            const { grads } = tf.valueAndGrads(loss as never)(trainable.map(variable));
            const norms = (grads as Tensor[]).map((grad) => tf.reshape(tf.norm(tf.reshape(grad, [-1])), [1]));
            return { outputs: { ...updated, scores: scores!, norms: tf.concat(norms) } };
          },
        },
      },
    });
    for (const [tensor, data] of values) program.assign(tensor, data);
    const key = Object.keys(model.inputs(rows, shape[1]!))[0]!;
    const dtype = model.inputs(rows, shape[1]!)[key]!.dtype;
    const found = program.run('train', {
      [key]: dtype === 'int32' ? Int32Array.from(input) : Float32Array.from(input),
    });
    program.close();

    const { training } = expected;
    expect(Object.keys(training.gradientNorms).length).toBeGreaterThanOrEqual(trainable.length - 1); // Keras's head may have no bias
    expect(relativeDifference(found['scores']!, Float32Array.from(training.scores))).toBeLessThan(1e-5);
    for (const [statistic, after] of Object.entries(training.statistics)) {
      expect(relativeDifference(found[statistic]!, Float32Array.from(after)), statistic).toBeLessThan(1e-5);
    }
    const norms = new Map(trainable.map((tensor, i) => [tensor, found['norms']![i]!]));
    const largest = Math.max(...Object.values(training.gradientNorms));
    for (const [tensor, norm] of Object.entries(training.gradientNorms)) {
      expect(Math.abs(norms.get(tensor)! - norm) / largest, tensor).toBeLessThan(1e-5);
    }
  }),
);
