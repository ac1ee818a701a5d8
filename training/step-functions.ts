/** The functions that a trainer compiles: a training step, a micro-batch that only accumulates, and an evaluation. */
import type { FunctionSpec, InputSpec, UpdateContext } from './compile/program.js';
import type { NodeRef } from './compile/graph.js';
import { typeAttribute } from './compile/attributes.js';
import { scope } from './compile/scope.js';
import { adaptedTensor } from '../models/adapters.js';
import type { Inputs, Model, Parameters, Pass } from './model.js';
import { trainingTargetsOf, type Objective } from './objectives/objective.js';
import { weightedMean } from './objectives/weighted-mean.js';
import { checkpointed, keepMade } from './ops/checkpointed.js';
import { dropoutMasks, noDropout } from './ops/dropout.js';
import { finiteOrStop } from './ops/finite.js';
import { withPrecision, type Precision } from './ops/precision.js';
import { accumulate, accumulated, reset } from './optimizers/accumulate.js';
import { clipByGlobalNorm } from './optimizers/clip.js';
import { averageOf, updateAverage } from './optimizers/ema.js';
import type { TensorRate } from './optimizers/groups.js';
import type { Optimizer } from './optimizers/optimizer.js';
import { rateNode } from './optimizers/rates.js';
import { binding, tf, type Tensor } from './tensorflow.js';

export interface StepSettings {
  /** Rows of a micro-batch. */
  readonly batchSize: number;
  /** Micro-batches of a step. */
  readonly accumulate: number;
  readonly dropout: number;
  /** Limit of the global gradient norm; null: none. */
  readonly clipNorm: number | null;
  readonly precision: Precision;
  /** Keep nothing of the inside of a block for the backward pass. */
  readonly gradientCheckpointing: boolean;
  /** Decay of the moving average of the weights; null: none is kept. */
  readonly ema: number | null;
}

export interface StepSpec {
  readonly model: Model;
  readonly objective: Objective;
  readonly optimizer: Optimizer;
  readonly settings: StepSettings;
  /** What an evaluation fetches of the outputs: these may be too large. */
  readonly evaluated: (outputs: Tensor) => Tensor;
  /** How a tensor learns: what multiplies the step's rate, and its weight decay. */
  readonly rates: ReadonlyMap<string, TensorRate>;
}

/** Fed with every batch besides the model's inputs and the targets. */
const stepInputs = {
  /** [run seed, step]: dropout's masks are a function of it. */
  seed: { shape: [2], dtype: 'int32' },
  /** Total weight of the rows of the whole step, so that accumulated batches weigh what their rows weigh. */
  normaliser: { shape: [], dtype: 'float32' },
} as const satisfies Record<string, InputSpec>;

/** Forward, loss, gradients, clipping, update. Fetches the loss (this batch's share of it) and the norm before clipping. */
export function trainFunction(spec: StepSpec, trainable: readonly string[], bucket: number): FunctionSpec {
  const { model, objective, optimizer, settings } = spec;
  return {
    inputs: {
      ...model.inputs(settings.batchSize, bucket),
      ...trainingTargetsOf(objective, settings.batchSize, bucket),
      ...stepInputs,
      learningRate: { shape: [], dtype: 'float32' },
      ...optimizer.inputs,
    },
    trace(inputs, variable) {
      const { loss, gradients, statistics } = forwardBackward(spec, trainable, inputs, variable);
      const whole = settings.accumulate === 1 ? gradients : accumulated(gradients, variable);
      const { gradients: clipped, norm } = clipByGlobalNorm([...whole.values()], settings.clipNorm);
      finiteOrStop(loss, 'the loss'); // then no variable is written: the state before the step is whole
      finiteOrStop(norm, 'the gradient norm');
      return {
        outputs: { loss, gradientNorm: norm },
        update: (context) => [
          ...trainable.flatMap((name, i) => {
            const gradient = clipped[i]!;
            const updated = updateOf(spec, context, { name, gradient, inputs });
            return [
              updated,
              ...(settings.ema === null ? [] : [updateAverage(context, name, settings.ema, updated)]),
              ...(settings.accumulate === 1 ? [] : [reset(context, name, gradient, updated)]),
            ];
          }),
          ...writeStatistics(context, statistics),
        ],
      };
    },
  };
}

/** A micro-batch that is not the step's last: its gradients are added to the accumulators, nothing is updated. */
export function accumulateFunction(spec: StepSpec, trainable: readonly string[], bucket: number): FunctionSpec {
  const { model, objective, settings } = spec;
  return {
    inputs: {
      ...model.inputs(settings.batchSize, bucket),
      ...trainingTargetsOf(objective, settings.batchSize, bucket),
      ...stepInputs,
    },
    trace(inputs, variable) {
      const { loss, gradients, statistics } = forwardBackward(spec, trainable, inputs, variable);
      finiteOrStop(loss, 'the loss');
      return {
        outputs: { loss },
        update: (context) => [...accumulate(context, gradients), ...writeStatistics(context, statistics)],
      };
    },
  };
}

/** Outputs and losses of a batch, without dropout; of the averaged weights where an average is kept. */
export function evaluateFunction(
  spec: StepSpec,
  averaged: ReadonlySet<string>,
  rows: number,
  bucket: number,
): FunctionSpec {
  const { model, objective, evaluated } = spec;
  return {
    inputs: { ...model.inputs(rows, bucket), ...objective.targets(rows, bucket) },
    trace(inputs, variable) {
      const parameters = (name: string) => variable(averaged.has(name) ? averageOf(name) : name);
      const { precision } = spec.settings;
      const outputs = withPrecision(precision, () => forward(model, parameters, inputs, evaluationPass));
      const losses = objective.losses(outputs, inputs, false);
      return { outputs: { outputs: evaluated(outputs), losses } };
    },
  };
}

/** Features of the base for examples whose base is frozen: computed once, without dropout. */
export function featuresFunction({ model, settings }: StepSpec, rows: number, bucket: number): FunctionSpec {
  return {
    inputs: model.inputs(rows, bucket),
    trace: (inputs, variable) => ({
      outputs: { features: withPrecision(settings.precision, () => model.features(variable, inputs, evaluationPass)) },
    }),
  };
}

export const evaluationPass: Pass = {
  training: false,
  dropout: noDropout,
  isFrozen: () => true,
  block: (name, x, body) => scope(name, () => body(x)),
  update: () => {
    throw new Error('a statistic is updated in training only');
  },
};

function forward(model: Model, parameters: Parameters, inputs: Inputs, pass: Pass): Tensor {
  return model.outputs(parameters, model.features(parameters, inputs, pass), inputs, pass);
}

interface Backward {
  readonly loss: Tensor;
  /** In the order of `trainable`. */
  readonly gradients: ReadonlyMap<string, Tensor>;
  readonly statistics: ReadonlyMap<string, Tensor>;
}

/** Loss of a batch, not clipped gradients of every trained tensor, and what the statistics become. */
export function forwardBackward(
  { model, objective, settings }: StepSpec,
  trainable: readonly string[],
  inputs: Inputs,
  variable: Parameters,
): Backward {
  const statistics = new Map<string, Tensor>();
  const trains = new Set(trainable);
  /** While a block is computed again: its tensors as they are given to it then. */
  let again: ReadonlyMap<string, Tensor> | null = null;
  const giveBack: (() => void)[] = [];
  const tensorsOf = (block: string) =>
    model.tensors.map(({ name }) => name).filter((name) => (adaptedTensor(name) ?? name).startsWith(`${block}.`));
  const loss = (...trained: Tensor[]): Tensor => {
    const byName = new Map(trainable.map((name, i) => [name, trained[i]!]));
    const parameters = (name: string) => again?.get(name) ?? byName.get(name) ?? variable(name);
    const outputs = forward(model, parameters, inputs, {
      training: true,
      dropout: dropoutMasks(settings.dropout, inputs['seed']!),
      isFrozen: (name) => !trains.has(name),
      block: (name, x, body) =>
        scope(name, () => {
          if (!settings.gradientCheckpointing) return body(x);
          giveBack.push(keepMade());
          const names = tensorsOf(name);
          return checkpointed((x, ...tensors) => {
            const outer = again;
            again = new Map(names.map((name, i) => [name, tensors[i]!]));
            try {
              return body(x!);
            } finally {
              again = outer;
            }
          })(x, ...names.map(parameters));
        }),
      update: (statistic, value) => statistics.set(statistic, value),
    });
    return weightedMean(objective.losses(outputs, inputs, true), inputs['weights']!, inputs['normaliser']!);
  };
  const { value, grads } = withPrecision(settings.precision, () =>
    tf.valueAndGrads(loss as never)(trainable.map(variable)),
  );
  for (const each of giveBack) each();
  return { loss: value, gradients: new Map(trainable.map((name, i) => [name, grads[i]!])), statistics };
}

function updateOf(
  { model, optimizer, rates }: StepSpec,
  context: UpdateContext,
  { name, gradient, inputs }: { name: string; gradient: Tensor; inputs: Inputs },
): NodeRef {
  const { factor, weightDecay } = rates.get(name)!;
  const { shape } = model.tensors.find((tensor) => tensor.name === name)!;
  const rate = rateNode(context, inputs['learningRate']!, factor);
  return optimizer.update(context, { name, shape, gradient, rate, weightDecay }, inputs);
}

const FLOAT = typeAttribute(binding.TF_FLOAT);

function writeStatistics({ graph, handle, ref }: UpdateContext, statistics: ReadonlyMap<string, Tensor>): NodeRef[] {
  return [...statistics].map(([name, value]) =>
    graph.add('AssignVariableOp', [handle(name), ref(value)], { dtype: FLOAT }),
  );
}
