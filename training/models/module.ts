import {
  callCreate,
  checkTensors,
  type CreateModel,
  type ModuleContext,
  type ModuleInputs,
  type ModuleTensor,
} from '../../models/families/module.js';
import { ModelError } from '../../models/model-error.js';
import { nearest } from '../../job/nearest.js';
import type { InputSpec } from '../compile/program.js';
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
