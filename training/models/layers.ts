/**
 * The forward pass of a Keras model by TensorFlow.js's own layers, recorded like any other: while a pass runs, every layer
 * variable reads the program's in place of its own. Two kinds of layer are not left to TensorFlow.js in training: dropout, which
 * would draw with Math.random, and batch normalisation, which ignores freezing and writes its averages while it runs.
 */
import type { Job } from '../../job/schema.js';
import { layers as family } from '../../models/families/layers.js';
import { tensorName, type LayersConfig } from '../../models/keras/import.js';
import { ModelError } from '../../models/model-error.js';
import type { InputSpec } from '../compile/program.js';
import { scope } from '../compile/scope.js';
import type { Model, Parameters, Pass } from '../model.js';
import { linear } from '../ops/linear.js';
import { tf, type Tensor } from '../tensorflow.js';
import { batchNormalization } from './keras-batch-norm.js';
import { openLayers, type TfjsLayer } from './keras-layers.js';

/** The running pass, for layers that need it; TensorFlow.js calls them with their inputs alone. */
interface Running {
  readonly parameters: Parameters;
  readonly pass: Pass;
}

/**
 * `features()` is (rows, width): the output of the layer before the old head, its mean over height and width where it has them. A
 * Dropout layer drops at the job's rate, `train.dropout`, whatever its own.
 */
export function layersModel(config: LayersConfig, job: Job, outputs: number): Model {
  const opened = openLayers(config);
  let running: Running | null = null;
  const now = (): Running => {
    if (!running) throw new Error('a layer of a Keras model was called outside a pass');
    return running;
  };
  const shapes = new Map(config.tensors.map(({ name, shape }) => [name, shape]));
  for (const layer of opened.layers) {
    substitute(layer, shapes, now);
    intercept(layer, now);
  }
  const names = opened.layers.map((layer) => layer.weights.map((weight) => nameOf(layer, weight.originalName)));

  return {
    tensors: [...config.tensors, ...family.head(config, job, outputs)],
    inputs: (rows, bucket) => inputsOf(config, job, rows, bucket),
    features(parameters, inputs, pass) {
      if (pass.training) checkGradients(opened.layers, names, pass);
      running = { parameters, pass };
      try {
        const input = Object.values(inputs)[0]!;
        const features = opened.apply(config.input.kind === 'ids' ? padded(input, lengthOf(config.input, job)) : input);
        const middle = features.shape.map((_, axis) => axis).slice(1, -1);
        return middle.length === 0 ? features : tf.mean(features, middle);
      } finally {
        running = null;
      }
    },
    outputs: (p, features) => linear(p, features, 'head'),
  };
}

function inputsOf({ input }: LayersConfig, job: Job, rows: number, bucket: number): Record<string, InputSpec> {
  switch (input.kind) {
    case 'pixels': {
      const [height, width] = [input.height, input.width].map((size) => size ?? job.data.imageSize ?? 224);
      return { pixels: { shape: [rows, height!, width!, input.channels], dtype: 'float32' } };
    }
    case 'features':
      return { features: { shape: [rows, input.width], dtype: 'float32' } };
    case 'ids':
      return { ids: { shape: [rows, bucket], dtype: 'int32' } };
  }
}

/** Keras's layers know no mask: a text is always of one length, or its scores would depend on the texts beside it. */
const lengthOf = ({ length }: { readonly length: number | null }, job: Job): number => length ?? job.data.maxLength;

/** ids (rows, bucket) -> (rows, length) of float32, as TensorFlow.js's Embedding takes them */
const padded = (ids: Tensor, length: number): Tensor =>
  tf.cast(tf.pad(ids, [[0, 0], [0, length - ids.shape[1]!]]), 'float32'); // prettier-ignore

/** `conv1/kernel` of the layer conv1 -> `conv1.kernel` */
export const nameOf = (layer: TfjsLayer, weight: string): string => tensorName(layer.name, weight.split('/').at(-1)!);

/** A layer may be called what a node may not. */
const scopeName = ({ name }: TfjsLayer): string =>
  name.replace(/[^\w.\-/]/g, '_').replace(/^(?=[^A-Za-z0-9])/, 'layer');

function substitute(layer: TfjsLayer, shapes: ReadonlyMap<string, readonly number[]>, now: () => Running): void {
  for (const weight of layer.weights) {
    const name = nameOf(layer, weight.originalName);
    const shape = shapes.get(name);
    // A layer of the old head has none: nothing before it reads its weights.
    if (shape && shape.join() !== weight.shape.join()) {
      throw new ModelError(
        `model: ${name}: expected shape (${weight.shape.join(', ')}) by its layer, found (${shape.join(', ')}) in the file`,
      );
    }
    weight.read = () => now().parameters(name);
  }
}

function intercept(layer: TfjsLayer, now: () => Running): void {
  const { call } = layer;
  layer.call = (inputs, kwargs) =>
    scope(scopeName(layer), () => {
      const { parameters, pass } = now();
      const x = Array.isArray(inputs) ? inputs[0]! : inputs;
      switch (layer.getClassName()) {
        case 'Dropout':
          return pass.training ? pass.dropout.apply(x) : x;
        case 'BatchNormalization':
          return batchNormalization(layer, x, (weight) => tensorName(layer.name, weight), parameters, pass);
        default:
          return call.call(layer, inputs, kwargs);
      }
    });
}

/** TensorFlow has no gradient of a dilated convolution through tfjs: it can stay, where nothing before it trains. */
function checkGradients(layers: readonly TfjsLayer[], names: readonly (readonly string[])[], pass: Pass): void {
  let trains = false;
  for (const [i, layer] of layers.entries()) {
    trains ||= names[i]!.some((name) => !pass.isFrozen(name));
    const rates = layer.getConfig()['dilationRate'];
    const dilated = Array.isArray(rates) ? rates.some((rate) => rate !== 1) : Number(rates ?? 1) !== 1;
    if (trains && dilated && layer.getClassName() !== 'Conv2DTranspose') {
      throw new ModelError(
        `freeze: ${layer.name} is a dilated convolution, which has no gradient here: freeze it and every layer before it`,
      );
    }
  }
}
