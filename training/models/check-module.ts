import { ModelError } from '../../models/model-error.js';
import { elementsOf } from '../../models/safetensors-header.js';
import { compile, type FeedValues, type FunctionSpec, type InputSpec } from '../compile/program.js';
import { truncatedNormal } from '../counter-random.js';
import { inference } from '../export/sketch.js';
import type { Model, Pass } from '../model.js';
import { noDropout } from '../ops/dropout.js';
import { tf, type Tensor } from '../tensorflow.js';

const PROBE = { rows: 2, bucket: 8, seed: 1, std: 0.05 } as const;

export interface ModuleUse {
  /** Tensors that the job trains. */
  readonly trainable: readonly string[];
  /** Of texts. */
  readonly maxLength?: number;
}

/**
 * Runs a user's model once on made-up weights and inputs, forth and back, before a run trusts it.
 * @throws ModelError when outputs are not finite, a tensor that it declares is never read, or an op has no gradient.
 */
export function checkModule(model: Model, path: string, { trainable, maxLength = PROBE.bucket }: ModuleUse): void {
  const used = new Set<string>();
  const inputs = model.inputs(PROBE.rows, Math.min(PROBE.bucket, maxLength));
  const program = compile({
    variables: new Map(model.tensors.map(({ name, shape }) => [name, shape])),
    functions: {
      probe: {
        inputs,
        trace(fed, variable) {
          const p = (name: string) => {
            used.add(name);
            return variable(name);
          };
          return { outputs: { outputs: model.outputs(p, model.features(p, fed, inference), fed, inference) } };
        },
      },
    },
  });
  try {
    const unused = model.tensors.filter(({ name }) => !used.has(name)).map(({ name }) => name);
    if (unused.length > 0) throw new ModelError(`${path}: features and outputs never read ${unused.join(', ')}`);
    checkGradients(model, inputs, trainable, path);
    for (const [i, { name, shape, initial, kind }] of model.tensors.entries()) {
      program.assign(name, initialValues(elementsOf(shape), initial ?? (kind === 'statistic' ? 'ones' : PROBE.std), i));
    }
    const { outputs } = program.run('probe', Object.fromEntries(Object.entries(inputs).map(probeOf)));
    const bad = outputs!.findIndex((value) => !Number.isFinite(value));
    if (bad >= 0) {
      throw new ModelError(
        `${path}: outputs: expected finite numbers, found ${outputs![bad]} with small random weights`,
      );
    }
  } finally {
    program.close();
  }
}

/** Traces a training pass; nothing is computed. */
function checkGradients(
  model: Model,
  inputs: Readonly<Record<string, InputSpec>>,
  trainable: readonly string[],
  path: string,
): void {
  const pass: Pass = {
    training: true,
    dropout: noDropout,
    isFrozen: (name) => !trainable.includes(name),
    update: () => undefined,
    block: (_name, x, body) => body(x),
  };
  const trace: FunctionSpec['trace'] = (fed, variable) => {
    const loss = (...values: Tensor[]) => {
      const trained = new Map(trainable.map((name, i) => [name, values[i]!]));
      const p = (name: string) => trained.get(name) ?? variable(name);
      return tf.sum(model.outputs(p, model.features(p, fed, pass), fed, pass)) as never;
    };
    const { grads } = tf.valueAndGrads(loss)(trainable.map(variable));
    return { outputs: Object.fromEntries(grads.map((gradient, i) => [trainable[i]!, gradient])) };
  };
  const variables = new Map(model.tensors.map(({ name, shape }) => [name, shape]));
  try {
    compile({ variables, functions: { train: { inputs, trace } } }).close();
  } catch (error) {
    if (error instanceof ModelError) throw error;
    throw new ModelError(`${path}: it cannot be trained: ${(error as Error).message}`, { cause: error });
  }
}

function initialValues(count: number, initial: 'zeros' | 'ones' | number, stream: number): Float32Array {
  if (initial === 'zeros') return new Float32Array(count);
  if (initial === 'ones') return new Float32Array(count).fill(1);
  return truncatedNormal(count, initial, PROBE.seed, stream);
}

/** Zeros for ids, which every vocabulary has; noise for numbers; a mask of ones. */
const probeOf = ([name, { shape, dtype }]: [string, InputSpec], i: number): [string, FeedValues] => {
  const count = elementsOf(shape);
  if (dtype === 'int32') return [name, new Int32Array(count)];
  return [name, name === 'mask' ? new Float32Array(count).fill(1) : truncatedNormal(count, 1, PROBE.seed, 1000 + i)];
};
