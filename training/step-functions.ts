/** The functions that a trainer compiles: a training step, a micro-batch that only accumulates, and an evaluation. */
import type { FunctionSpec, InputSpec, UpdateContext } from './compile/program.js';
import type { NodeRef } from './compile/graph.js';
import { typeAttribute } from './compile/attributes.js';
import type { Inputs, Model, Parameters, Pass } from './model.js';
import type { Objective } from './objectives/objective.js';
import { weightedMean } from './objectives/weighted-mean.js';
import { dropoutMasks, noDropout } from './ops/dropout.js';
import { accumulated, addToAccumulators, resetAccumulators } from './optimizers/accumulate.js';
import { clipByGlobalNorm } from './optimizers/clip.js';
import { averageName, averageUpdates } from './optimizers/ema.js';
import type { Optimizer } from './optimizers/optimizer.js';
import { binding, tf, type Tensor } from './tensorflow.js';

export interface StepSettings {
  /** Rows of a micro-batch. */
  readonly batchSize: number;
  /** Micro-batches of a step. */
  readonly accumulate: number;
  readonly dropout: number;
  /** Limit of the global gradient norm; null: none. */
  readonly clipNorm: number | null;
  /** Decay of the moving average of the weights; null: none is kept. */
  readonly ema: number | null;
}

export interface StepSpec {
  readonly model: Model;
  readonly objective: Objective;
  readonly optimizer: Optimizer;
  readonly settings: StepSettings;
  /** How a tensor learns: what multiplies the step's rate, and its weight decay. */
  readonly rateOf: (name: string) => { readonly factor: number; readonly weightDecay: number };
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
      ...objective.targets(settings.batchSize, bucket),
      ...stepInputs,
      learningRate: { shape: [], dtype: 'float32' },
      ...optimizer.inputs,
    },
    trace(inputs, variable) {
      const { loss, gradients, statistics } = forwardBackward(spec, trainable, inputs, variable);
      const whole = settings.accumulate === 1 ? gradients : accumulated(trainable, gradients, variable);
      const { gradients: clipped, norm } = clipByGlobalNorm(whole, settings.clipNorm);
      return {
        outputs: { loss, gradientNorm: norm },
        update: (context) => {
          const updated = trainable.map((name, i) =>
            updateOf(spec, context, { name, gradient: clipped[i]!, inputs }),
          );
          const after = updated.map((ref) => `^${ref}`);
          const ema = settings.ema === null ? [] : averageUpdates(context, trainable, settings.ema, after);
          const reset = settings.accumulate === 1 ? [] : resetAccumulators(context, trainable, shapesOf(model), after);
          return [...updated, ...ema, ...reset, ...writeStatistics(context, statistics)];
        },
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
      ...objective.targets(settings.batchSize, bucket),
      ...stepInputs,
    },
    trace(inputs, variable) {
      const { loss, gradients, statistics } = forwardBackward(spec, trainable, inputs, variable);
      return {
        outputs: { loss },
        update: (context) => [
          ...addToAccumulators(context, trainable, gradients),
          ...writeStatistics(context, statistics),
        ],
      };
    },
  };
}

/** Outputs and losses of a batch, without dropout; of the averaged weights where an average is kept. */
export function evaluateFunction(spec: StepSpec, averaged: ReadonlySet<string>, rows: number, bucket: number): FunctionSpec {
  const { model, objective } = spec;
  return {
    inputs: { ...model.inputs(rows, bucket), ...objective.targets(rows, bucket) },
    trace(inputs, variable) {
      const parameters = (name: string) => variable(averaged.has(name) ? averageName(name) : name);
      const outputs = forward(model, parameters, inputs, evaluationPass);
      const losses = objective.losses(outputs, inputs, false);
      return { outputs: { ...(objective.summarise?.(outputs, inputs) ?? { outputs }), losses } };
    },
  };
}

/** Features of the base for examples whose base is frozen: computed once, without dropout. */
export function featuresFunction({ model }: Pick<StepSpec, 'model'>, rows: number, bucket: number): FunctionSpec {
  return {
    inputs: model.inputs(rows, bucket),
    trace: (inputs, variable) => ({ outputs: { features: model.features(variable, inputs, evaluationPass) } }),
  };
}

export const evaluationPass: Pass = {
  training: false,
  dropout: noDropout,
  isFrozen: () => true,
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
  readonly gradients: readonly Tensor[];
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
  const loss = (...trained: Tensor[]): Tensor => {
    const byName = new Map(trainable.map((name, i) => [name, trained[i]!]));
    const parameters = (name: string) => byName.get(name) ?? variable(name);
    const outputs = forward(model, parameters, inputs, {
      training: true,
      dropout: dropoutMasks(settings.dropout, inputs['seed']!),
      isFrozen: (name) => !trains.has(name),
      update: (statistic, value) => statistics.set(statistic, value),
    });
    return weightedMean(objective.losses(outputs, inputs, true), inputs['weights']!, inputs['normaliser']!);
  };
  const { value, grads } = tf.valueAndGrads(loss as never)(trainable.map(variable));
  return { loss: value, gradients: grads, statistics };
}

const shapesOf = (model: Model) => new Map(model.tensors.map(({ name, shape }) => [name, shape]));

function updateOf(
  { model, optimizer, rateOf }: StepSpec,
  context: UpdateContext,
  { name, gradient, inputs }: { name: string; gradient: Tensor; inputs: Inputs },
): NodeRef {
  const { factor, weightDecay } = rateOf(name);
  const rate = scaled(context, context.ref(inputs['learningRate']!), factor);
  const shape = shapesOf(model).get(name)!;
  return optimizer.update(context, { name, shape, gradient, rate, weightDecay }, inputs);
}

/** `rate · factor`, one node for each factor that a graph has. */
function scaled({ graph }: UpdateContext, rate: NodeRef, factor: number): NodeRef {
  if (factor === 1) return rate;
  const known = scaledRates.get(graph) ?? new Map<string, NodeRef>();
  scaledRates.set(graph, known);
  const key = `${rate} ${factor}`;
  const node = known.get(key) ?? graph.add('Mul', [rate, graph.scalar(factor)], { T: FLOAT });
  known.set(key, node);
  return node;
}

const FLOAT = typeAttribute(binding.TF_FLOAT);
const scaledRates = new WeakMap<object, Map<string, NodeRef>>();

function writeStatistics({ graph, handle, ref }: UpdateContext, statistics: ReadonlyMap<string, Tensor>): NodeRef[] {
  return [...statistics].map(([name, value]) =>
    graph.add('AssignVariableOp', [handle(name), ref(value)], { dtype: FLOAT }),
  );
}
