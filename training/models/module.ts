import {
  callCreate,
  checkTensors,
  type CreateModel,
  type ModuleContext,
  type ModuleInputs,
  type ModuleTensor,
} from '../../models/families/module.js';
import { ModelError } from '../../models/model-error.js';
import { elementsOf } from '../../models/safetensors-header.js';
import { nearest } from '../../job/nearest.js';
import { compile, type FeedValues, type InputSpec } from '../compile/program.js';
import { truncatedNormal } from '../counter-random.js';
import { inference } from '../export/sketch.js';
import type { Inputs, Model, Parameters, Pass } from '../model.js';
import { attention } from '../ops/attention.js';
import { withGradient } from '../ops/custom-gradient.js';
import { dense } from '../ops/dense.js';
import { batchMatMul, matMul } from '../ops/direct.js';
import { embed } from '../ops/embedding.js';
import { gelu } from '../ops/gelu.js';
import { layerNorm } from '../ops/layer-norm.js';
import { tf, type Tensor } from '../tensorflow.js';

/** What a user's model is given, so that it need not import anything: TensorFlow.js, and ops whose gradients are fast. */
export const toolbox = { tf, dense, layerNorm, gelu, attention, embed, matMul, batchMatMul, withGradient } as const;
export type Toolbox = typeof toolbox;

/** What `createModel` returns. `inputs` may be left out: it follows from the data. */
export interface ModuleModel {
  readonly tensors: readonly ModuleTensor[];
  inputs?(rows: number, bucket: number): Readonly<Record<string, InputSpec>>;
  /** (rows, width) */
  features(parameters: Parameters, inputs: Inputs, pass: Pass): Tensor;
  /** (rows, outputs) */
  outputs(parameters: Parameters, features: Tensor, inputs: Inputs, pass: Pass): Tensor;
}

/** The type of the one export of a user's module. */
export type CreateUserModel = CreateModel<Toolbox, ModuleModel>;

/**
 * A user's module as a model. Whatever it does wrong while it is traced is reported with the file and the function.
 * @throws ModelError: see checkTensors; while tracing: an unknown tensor, shapes that do not fit, outputs of another shape.
 */
export function moduleModel(create: CreateUserModel, context: ModuleContext, path: string): Model {
  const model = callCreate(create, toolbox, context, path);
  const tensors = checkTensors(model.tensors, path);
  const known = new Map(tensors.map(({ name, shape }) => [name, shape]));
  const checked = (p: Parameters): Parameters => {
    const look = (name: string) => {
      if (known.has(name)) return p(name);
      const near = nearest(name, known.keys());
      throw new ModelError(`no tensor is called ${name}${near === null ? '' : `; did you mean \`${near}\`?`}`);
    };
    return Object.assign(look, p.adapter && { adapter: p.adapter });
  };
  const inside = (part: string, run: () => Tensor): Tensor => {
    try {
      return run();
    } catch (error) {
      throw new ModelError(`${path}: ${part}: ${(error as Error).message}`, { cause: error });
    }
  };
  return {
    tensors,
    inputs: (rows, bucket) => model.inputs?.(rows, bucket) ?? inputsOf(context.inputs, rows, bucket),
    features: (p, inputs, pass) =>
      inside('features', () => ofRank2(model.features(checked(p), inputs, pass), '(rows, width)')),
    outputs: (p, features, inputs, pass) =>
      inside('outputs', () => {
        const found = ofRank2(model.outputs(checked(p), features, inputs, pass), `(rows, ${context.outputs})`);
        if (found.shape[1] === context.outputs && found.shape[0] === features.shape[0]) return found;
        throw new Error(`expected shape (${features.shape[0]}, ${context.outputs}), found (${found.shape.join(', ')})`);
      }),
  };
}

function ofRank2(tensor: unknown, expected: string): Tensor {
  if (!(tensor instanceof tf.Tensor)) throw new Error(`expected a tensor ${expected}, found ${typeof tensor}`);
  if (tensor.rank !== 2) throw new Error(`expected shape ${expected}, found (${tensor.shape.join(', ')})`);
  return tensor;
}

function inputsOf(inputs: ModuleInputs, rows: number, bucket: number): Record<string, InputSpec> {
  switch (inputs.kind) {
    case 'features':
      return { features: { shape: [rows, inputs.width], dtype: 'float32' } };
    case 'pixels':
      return { pixels: { shape: [rows, inputs.height, inputs.width, inputs.channels], dtype: 'float32' } };
    case 'tokens':
      return {
        ids: { shape: [rows, bucket], dtype: 'int32' },
        mask: { shape: [rows, bucket], dtype: 'float32' },
      };
  }
}

const PROBE = { rows: 2, bucket: 8, seed: 1, std: 0.05 } as const;

/**
 * Runs a user's model once on made-up weights and inputs, before a run trusts it.
 * @throws ModelError when outputs are not finite, or a tensor that it declares is never read.
 */
export function checkModule(model: Model, path: string): void {
  const used = new Set<string>();
  const inputs = model.inputs(PROBE.rows, PROBE.bucket);
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
