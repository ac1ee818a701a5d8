/** Layers that can be trained here, and their weights in Keras's order. What is not in the table is refused by name. */
import { ModelError } from '../model-error.js';
import { allLayers, nameOf, type LayerJson } from './topology.js';

const weightsByClass: Readonly<Record<string, readonly string[]>> = {
  Dense: ['kernel', 'bias'],
  Conv1D: ['kernel', 'bias'],
  Conv2D: ['kernel', 'bias'],
  Conv2DTranspose: ['kernel', 'bias'],
  DepthwiseConv2D: ['depthwise_kernel', 'bias'],
  SeparableConv2D: ['depthwise_kernel', 'pointwise_kernel', 'bias'],
  BatchNormalization: ['gamma', 'beta', 'moving_mean', 'moving_variance'],
  LayerNormalization: ['gamma', 'beta'],
  Embedding: ['embeddings'],
  PReLU: ['alpha'],
};

const withoutWeights = [
  ...['InputLayer', 'Activation', 'ReLU', 'LeakyReLU', 'ELU', 'Softmax', 'Dropout', 'Flatten', 'Reshape', 'Permute'],
  ...['RepeatVector', 'Add', 'Multiply', 'Average', 'Maximum', 'Minimum', 'Concatenate', 'Rescaling'],
  ...['AveragePooling1D', 'AveragePooling2D', 'MaxPooling1D', 'MaxPooling2D', 'GlobalAveragePooling1D'],
  ...['GlobalAveragePooling2D', 'GlobalMaxPooling1D', 'GlobalMaxPooling2D', 'ZeroPadding2D', 'Cropping2D'],
  'UpSampling2D',
];

const activations = new Set([
  ...['linear', 'relu', 'relu6', 'elu', 'selu', 'sigmoid', 'softmax', 'softplus', 'softsign', 'tanh', 'swish', 'silu'],
  'gelu',
]);

/** Weights of a layer in Keras's order, leaving out those that its configuration switches off. */
export function weightsOf({ class_name, config }: LayerJson): string[] {
  const off: Record<string, boolean> = {
    bias: config['use_bias'] === false,
    gamma: config['scale'] === false,
    beta: config['center'] === false,
  };
  return (weightsByClass[class_name] ?? []).filter((weight) => !off[weight]);
}

/** @throws ModelError naming every layer that cannot be trained here, and why. */
export function checkLayers(model: LayerJson, where: string): void {
  const refused = allLayers(model).flatMap((layer) => {
    const why = reasonAgainst(layer);
    return why === null ? [] : [`${nameOf(layer)} (${layer.class_name}): ${why}`];
  });
  if (refused.length === 0) return;
  const count = refused.length === 1 ? 'a layer' : `${refused.length} layers`;
  throw new ModelError(
    `${where}: ${count} cannot be trained here: ${refused.join('; ')}; a model of your own is written as \`module:FILE\``,
  );
}

function reasonAgainst({ class_name, config }: LayerJson): string | null {
  if (!(class_name in weightsByClass) && !withoutWeights.includes(class_name)) return 'the class is not known';
  const activation = config['activation'];
  if (activation !== undefined && activation !== null && !activations.has(String(activation))) {
    return `the activation ${JSON.stringify(activation)} is not known`;
  }
  if (config['data_format'] === 'channels_first') return 'channels come first, expected channels_last';
  if (Number(config['groups'] ?? 1) !== 1) return 'its convolution has groups';
  if (config['keepdims'] === true) return 'keepdims is not supported';
  if (
    class_name === 'ReLU' &&
    (Number(config['negative_slope'] ?? 0) !== 0 || Number(config['threshold'] ?? 0) !== 0)
  ) {
    return 'negative_slope and threshold are not supported';
  }
  return null;
}
