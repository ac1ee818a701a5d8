import { pathToFileURL } from 'node:url';
import { mkdir } from 'node:fs/promises';
import type { LayersConfig } from '../../models/keras/import.js';
import { buildLayers } from '../models/keras-layers.js';
import { nameOf } from '../models/layers.js';
import { tf, type Tensor } from '../tensorflow.js';

/**
 * Writes a model of the family `layers` as a TensorFlow.js layers model (`tf.loadLayersModel`): the user's layers with the trained
 * weights, and the new head as a Dense layer. With `probabilities` a softmax follows it.
 */
export async function writeLayersModel(
  folder: string,
  config: LayersConfig,
  values: ReadonlyMap<string, Float32Array>,
  { probabilities }: { readonly probabilities: boolean },
): Promise<void> {
  const valuesOf = (name: string): Float32Array => {
    const found = values.get(name);
    if (!found) throw new Error(`export: no values for the tensor ${name}`);
    return found;
  };
  const { base, layers } = buildLayers(config);
  tf.tidy(() => {
    for (const layer of layers) {
      for (const weight of layer.weights) {
        weight.write(tf.tensor(valuesOf(nameOf(layer, weight.originalName)), [...weight.shape]));
      }
    }
  });
  const taken = layers.some(({ name }) => name === 'head');
  const bias = tf.tensor(valuesOf('head.bias'));
  const weight = tf.tensor(valuesOf('head.weight'), [bias.size, config.width]);
  const head = tf.layers.dense({
    units: bias.size,
    name: taken ? 'new_head' : 'head',
    weights: [weight.transpose(), bias],
  });
  const scores = head.apply(pooled(base.outputs[0]!)) as Symbolic;
  const outputs = probabilities
    ? tf.layers.activation({ activation: 'softmax', name: 'probabilities' }).apply(scores)
    : scores;
  const model = tf.model({ inputs: base.inputs, outputs: outputs as Symbolic });
  await mkdir(folder, { recursive: true });
  try {
    await model.save(pathToFileURL(folder).href);
  } finally {
    model.dispose();
    tf.dispose([weight, bias] as Tensor[]);
  }
}

type Symbolic = ReturnType<typeof tf.input>;

/** The mean over height and width, or positions, where the features still have them. */
const pooled = (features: Symbolic): Symbolic => {
  if (features.shape.length === 2) return features;
  const { globalAveragePooling1d, globalAveragePooling2d } = tf.layers;
  return (features.shape.length === 4 ? globalAveragePooling2d({}) : globalAveragePooling1d({})).apply(
    features,
  ) as Symbolic;
};
