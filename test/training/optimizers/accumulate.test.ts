import { expect, test } from 'vitest';
import { compile, type FunctionSpec } from '../../../training/compile/program.js';
import { accumulate, accumulated, accumulatorOf, reset } from '../../../training/optimizers/accumulate.js';
import { clipByGlobalNorm } from '../../../training/optimizers/clip.js';
import { optimizerFor } from '../../../training/optimizers/index.js';
import { tf, type Tensor } from '../../../training/tensorflow.js';
import { relativeDifference, trainOf } from './problem.js';

const [ROWS, WIDTH, OUTPUTS, STEPS] = [12, 5, 3, 4];
const shapes = new Map([
  ['weight', [WIDTH, OUTPUTS]],
  ['bias', [OUTPUTS]],
]);
const names = [...shapes.keys()];
const train = trainOf({ optimizer: 'adamw', learningRate: 0.05, clipNorm: 0.1 });
const optimizer = optimizerFor(train);
const wave = (count: number, pace: number) => Float32Array.from({ length: count }, (_, i) => Math.sin(pace * i + 1));

/** Linear regression on batches of `rows`: a function that adds to the accumulators, and one that ends the step. */
function functions(rows: number): Record<string, FunctionSpec> {
  const batch = {
    x: { shape: [rows, WIDTH], dtype: 'float32' },
    y: { shape: [rows, OUTPUTS], dtype: 'float32' },
    weights: { shape: [rows], dtype: 'float32' },
  } as const;
  const gradientsOf = (
    inputs: Record<string, Tensor>,
    variable: (name: string) => Tensor,
  ): ReadonlyMap<string, Tensor> => {
    const loss = (weight: Tensor, bias: Tensor) => {
      const errors = tf.sub(tf.add(tf.matMul(inputs['x']! as never, weight as never), bias), inputs['y']!);
      return tf.sum(tf.mul(tf.sum(tf.square(errors), 1), inputs['weights']!));
    };
    const gradients = tf.grads(loss as never)(names.map(variable));
    return new Map(names.map((name, i) => [name, gradients[i]!]));
  };
  return {
    accumulate: {
      inputs: batch,
      trace(inputs, variable) {
        const gradients = gradientsOf(inputs, variable);
        return { outputs: { done: tf.scalar(1) }, update: (context) => accumulate(context, gradients) };
      },
    },
    train: {
      inputs: { ...batch, rate: { shape: [], dtype: 'float32' }, ...optimizer.inputs },
      trace(inputs, variable) {
        const sums = accumulated(gradientsOf(inputs, variable), variable);
        const { gradients, norm } = clipByGlobalNorm([...sums.values()], train.clipNorm);
        return {
          outputs: { norm },
          update: (context) =>
            names.map((name, i) => {
              const gradient = gradients[i]!;
              const rate = context.ref(inputs['rate']!);
              const trained = { name, shape: shapes.get(name)!, gradient, rate, weightDecay: 0.1 };
              return reset(context, name, gradient, optimizer.update(context, trained, inputs));
            }),
        };
      },
    },
  };
}

/** Weights, slots, accumulators and norms after STEPS steps, each of as many batches as ROWS rows need. */
function trainIn(batches: number): { values: Map<string, Float32Array>; norms: number[] } {
  const rows = ROWS / batches;
  const variables = new Map<string, readonly number[]>();
  for (const [name, shape] of shapes) {
    variables.set(name, shape).set(accumulatorOf(name), shape);
    for (const [slot, slotShape] of optimizer.slots(name, shape)) variables.set(slot, slotShape);
  }
  const program = compile({ variables, functions: functions(rows) });
  for (const [name, shape] of variables) {
    const count = shape.reduce((product, size) => product * size, 1);
    program.assign(name, shapes.has(name) ? wave(count, 0.9) : new Float32Array(count));
  }
  const norms: number[] = [];
  for (let step = 1; step <= STEPS; step++) {
    const [x, y] = [wave(ROWS * WIDTH, 0.3 * step), wave(ROWS * OUTPUTS, 0.7 * step)];
    for (let batch = 0; batch < batches; batch++) {
      const part = (values: Float32Array) =>
        values.slice((batch * values.length) / batches, ((batch + 1) * values.length) / batches);
      // The weights of all the step's rows sum to 1, also where a row counts nothing.
      const weights = part(Float32Array.from({ length: ROWS }, (_, row) => (row === 7 ? 0 : 1 / (ROWS - 1))));
      const feeds = { x: part(x), y: part(y), weights };
      if (batch < batches - 1) program.run('accumulate', feeds);
      else {
        const { norm } = program.run('train', { ...feeds, rate: Float32Array.of(0.05), ...optimizer.feeds(step) });
        norms.push(norm![0]!);
      }
    }
  }
  const values = new Map([...variables.keys()].map((name) => [name, program.read(name)]));
  program.close();
  return { values, norms };
}

test.each([2, 3, 4])('steps of %i batches are the steps of one large batch, clipping included', (batches) => {
  const [large, small] = [trainIn(1), trainIn(batches)];
  for (const [step, norm] of large.norms.entries()) {
    expect(norm, 'clipped').toBeGreaterThan(2 * train.clipNorm!);
    expect(Math.abs(small.norms[step]! / norm - 1), `norm of step ${step + 1}`).toBeLessThan(1e-6);
  }
  for (const [name, values] of large.values) {
    if (!name.startsWith('accumulated/'))
      expect(relativeDifference(small.values.get(name)!, values), name).toBeLessThan(1e-6);
  }
});

test('between steps the accumulators are zero', () => {
  const { values } = trainIn(3);
  for (const name of names) expect(Math.max(...values.get(accumulatorOf(name))!.map(Math.abs)), name).toBe(0);
});
