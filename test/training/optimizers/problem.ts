/** The problem of test/references/optimizers.py: a kernel, a matrix and a vector whose gradient is slope · (weight - target). */
import { readFileSync } from 'node:fs';
import { jobSchema, type Job } from '../../../job/schema.js';
import { compile, type Program } from '../../../training/compile/program.js';
import { clipByGlobalNorm } from '../../../training/optimizers/clip.js';
import { averageOf, updateAverage } from '../../../training/optimizers/ema.js';
import { ratePlan, type PlacedTensor } from '../../../training/optimizers/groups.js';
import { optimizerFor } from '../../../training/optimizers/index.js';
import { rateNode } from '../../../training/optimizers/rates.js';
import { tf } from '../../../training/tensorflow.js';

interface Case {
  readonly train: object;
  readonly norms: readonly number[];
  readonly after: Readonly<Record<string, Readonly<Record<string, readonly number[]>>>>;
  readonly slots: Readonly<Record<string, readonly number[]>>;
}

export const fixture = JSON.parse(readFileSync(new URL('../../fixtures/optimizers.json', import.meta.url), 'utf8')) as {
  readonly steps: number;
  readonly train: { readonly learningRate: number; readonly clipNorm: number };
  readonly blocks: number;
  readonly tensors: readonly (PlacedTensor & { readonly factor: number; readonly weightDecay: number })[];
  readonly cases: readonly Case[];
};

/** `train` of a job, with the fixture's settings and the schema's defaults. */
export const trainOf = (settings: object): Job['train'] =>
  jobSchema.shape.train.parse({ ...fixture.train, ...settings });

export const titleOf = ({ train }: Case): string => Object.values(train).join(' ');

const elements = (shape: readonly number[]): number => shape.reduce((product, size) => product * size, 1);

/** scale · sin(pace · i + phase) over the flat index, rounded to float32. */
const wave = (shape: readonly number[], scale: number, pace: number, phase: number): Float32Array =>
  Float32Array.from({ length: elements(shape) }, (_, i) => scale * Math.sin(pace * i + phase));

/** The problem under an optimizer, at its start. */
export interface Course {
  readonly program: Program;
  /** Every variable with its shape: weights, slots, averages where the job has `ema`. */
  readonly variables: ReadonlyMap<string, readonly number[]>;
  /** Takes the step that makes `step` steps done and returns the gradient norm. */
  step(step: number): number;
}

export function course(train: Job['train']): Course {
  const optimizer = optimizerFor(train);
  const plan = ratePlan(train, fixture.tensors, fixture.blocks);
  const variables = new Map<string, readonly number[]>();
  for (const { name, shape } of fixture.tensors) {
    variables.set(name, shape);
    for (const [slot, slotShape] of optimizer.slots(name, shape)) variables.set(slot, slotShape);
    if (train.ema !== undefined) variables.set(averageOf(name), shape);
  }
  const targets = fixture.tensors.map(({ name, shape }) => [`target/${name}`, { shape, dtype: 'float32' }] as const);
  const program = compile({
    variables,
    functions: {
      step: {
        inputs: {
          learningRate: { shape: [], dtype: 'float32' },
          ...Object.fromEntries(targets),
          ...optimizer.inputs,
        },
        trace(inputs, variable) {
          const raw = fixture.tensors.map(({ name, shape }, place) => {
            const slope = tf.tensor(
              wave(shape, 0.5, 1.3, place).map((value) => 1 + value),
              [...shape],
            );
            return tf.mul(slope, tf.sub(variable(name), inputs[`target/${name}`]!));
          });
          const { gradients, norm } = clipByGlobalNorm(raw, train.clipNorm);
          return {
            outputs: { norm },
            update: (context) =>
              fixture.tensors.map(({ name, shape }, i) => {
                const { factor, weightDecay } = plan.get(name)!;
                const rate = rateNode(context, inputs['learningRate']!, factor);
                const trained = { name, shape, gradient: gradients[i]!, rate, weightDecay };
                const updated = optimizer.update(context, trained, inputs);
                return train.ema === undefined ? updated : updateAverage(context, name, train.ema, updated);
              }),
          };
        },
      },
    },
  });
  for (const [name, shape] of variables) program.assign(name, new Float32Array(elements(shape)));
  for (const [place, { name, shape }] of fixture.tensors.entries()) {
    program.assign(name, wave(shape, 0.5, 0.7, place));
    if (train.ema !== undefined) program.assign(averageOf(name), wave(shape, 0.5, 0.7, place));
  }
  return {
    program,
    variables,
    step(step) {
      const rate = train.learningRate * (1 - (step - 1) / (2 * fixture.steps));
      const feeds = fixture.tensors.map(
        ({ name, shape }, place) => [`target/${name}`, wave(shape, 1, 0.37 * step, place)] as const,
      );
      const fed = { learningRate: Float32Array.of(rate), ...Object.fromEntries(feeds), ...optimizer.feeds(step) };
      return program.run('step', fed)['norm']![0]!;
    },
  };
}

/** Largest difference, relative to the largest expected value. */
export function relativeDifference(found: Float32Array, expected: ArrayLike<number>): number {
  if (found.length !== expected.length) throw new Error(`expected ${expected.length} values, found ${found.length}`);
  let [worst, scale] = [0, 0];
  for (let i = 0; i < expected.length; i++) {
    worst = Math.max(worst, Math.abs(found[i]! - expected[i]!)); // NaN stays, and fails
    scale = Math.max(scale, Math.abs(expected[i]!));
  }
  return worst / scale;
}
