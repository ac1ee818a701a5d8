import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { writeTable } from './own-models.js';

/** What a step does to its engine: the first two are hangs, the others deaths. */
export const deeds = {
  standStill: 'Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);',
  spin: 'for (;;) Math.sqrt(2);',
  crash: "process._rawDebug('the module crashes now'); process.kill(process.pid, 'SIGSEGV'); for (;;) ;",
  exit: "process._rawDebug('the module leaves now'); process.exit(3);",
} as const;

/** Computes for so long, as a very large op does. */
export const busyFor = (ms: number): string =>
  `const end = performance.now() + ${ms}; while (performance.now() < end) Math.sqrt(2);`;

export interface Faults {
  /** JavaScript that runs in the place of the native call of a step; `step` is its number. */
  readonly inStep?: string;
  /** The same while the model is traced. */
  readonly inTrace?: string;
}

/**
 * A table and a module of one layer, whose steps do to the engine's process what `faults` says. Returns the sections of its job.
 * 96 rows to train on: with batches of eight, twelve steps an epoch.
 */
export function writeFaultyModel(directory: string, { inStep = '', inTrace = '' }: Faults): Record<string, unknown> {
  writeTable(directory);
  writeFileSync(
    join(directory, 'faulty.mjs'),
    `/** Puts itself between the compiled step, which is fed many tensors, and libtensorflow. */
function interpose(backend) {
  const { getInputTensorIds } = backend;
  backend.getInputTensorIds = function (tensors) {
    const seed = tensors.length > 4 && tensors.find(({ dtype, shape }) => dtype === 'int32' && shape[0] === 2);
    if (seed) {
      const step = seed.dataSync()[1];
      ${inStep}
    }
    return getInputTensorIds.call(backend, tensors);
  };
}
export const createModel = ({ tf, dense }, { outputs, inputs }) => ({
  tensors: [{ name: 'head.weight', shape: [outputs, inputs.width] }, { name: 'head.bias', shape: [outputs] }],
  features(p, { features }, { training }) {
    if (training && features.shape[0] === 8 && !globalThis.interposed) {
      globalThis.interposed = true;
      interpose(tf.backend());
      ${inTrace}
    }
    return features;
  },
  outputs: (p, features) => dense(features, p('head.weight'), p('head.bias')),
});
`,
  );
  return {
    task: 'tabular-classification',
    model: 'module:faulty.mjs',
    data: { source: 'table.csv', label: 'kind', features: { numeric: ['a', 'b'], categorical: ['colour'] } },
  };
}

/** The same as the text of a job file that stands in any folder. */
export function faultyJob(directory: string, faults: Faults, train: Readonly<Record<string, unknown>> = {}): string {
  const { data, ...sections } = writeFaultyModel(directory, faults);
  return stringify({
    name: 'faulty',
    ...sections,
    model: `module:${join(directory, 'faulty.mjs')}`,
    data: { ...(data as object), source: join(directory, 'table.csv') },
    train: { epochs: 1, batchSize: 8, learningRate: 1e-2, warmupSteps: 1, ...train },
  });
}
