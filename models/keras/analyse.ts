/** What a user's layer graph comes to: which inputs it takes, where its head begins, how wide its features are. */
import { ModelError } from '../model-error.js';
import { weightsOf } from './classes.js';
import { allLayers, feedersOf, layerNamed, layersOf, nameOf, outputLayer, type LayerJson } from './topology.js';

export type LayersInput =
  | {
      readonly kind: 'pixels';
      readonly height: number | null;
      readonly width: number | null;
      readonly channels: number;
    }
  | { readonly kind: 'features'; readonly width: number }
  | { readonly kind: 'ids'; readonly length: number | null };

/** The part of the model that stays, and what comes out of it. */
export interface Base {
  /** Name of the layer of the outermost model whose output is the features. */
  readonly last: string;
  /** Of the features; where they still have height and width, their mean over those is taken. */
  readonly width: number;
  /** The Dense layer that a new head replaces; null where the model ends with its features. */
  readonly replaced: string | null;
}

type ShapeOf = (weight: string) => readonly number[] | undefined;

/** @throws ModelError for several inputs, or one of an unknown kind. */
export function inputOf(model: LayerJson, where: string): LayersInput {
  const inputs = layersOf(model).filter(({ class_name }) => class_name === 'InputLayer');
  // A Sequential model may say it in its first layer, or in the first layer of a model that comes first.
  const shape = (inputs[0] ?? allLayers(model)[0])?.config['batch_input_shape'] as (number | null)[] | undefined;
  if (inputs.length > 1) throw new ModelError(`${where}: expected a model with one input, found ${inputs.length}`);
  if (!shape) throw new ModelError(`${where}: the model does not say the shape of its input`);
  if (shape.length === 4 && shape[3] !== null) {
    return { kind: 'pixels', height: shape[1]!, width: shape[2]!, channels: shape[3]! };
  }
  if (shape.length === 2) {
    if (allLayers(model).some(({ class_name }) => class_name === 'Embedding'))
      return { kind: 'ids', length: shape[1]! };
    if (shape[1] !== null) return { kind: 'features', width: shape[1]! };
  }
  const expected = 'images (rows, height, width, channels), a table (rows, width), or token ids (rows, length)';
  throw new ModelError(`${where}: expected an input of ${expected}, found (${shape.map(String).join(', ')})`);
}

const PASSES_CHANNELS = new Set([
  ...['Activation', 'ReLU', 'LeakyReLU', 'ELU', 'PReLU', 'Dropout', 'BatchNormalization', 'LayerNormalization', 'Add'],
  ...['Maximum', 'Minimum', 'Multiply', 'Average', 'MaxPooling2D', 'AveragePooling2D', 'ZeroPadding2D', 'Cropping2D'],
  ...['GlobalAveragePooling1D', 'GlobalAveragePooling2D', 'GlobalMaxPooling1D', 'GlobalMaxPooling2D'],
]);
const DECIDES_CHANNELS = new Set(['Conv1D', 'Conv2D', 'SeparableConv2D', 'Dense']);

/**
 * Walks back from the output: a last Dense layer (with its softmax) is the old head; a model that ends otherwise gives its output,
 * or its mean over height and width, as features.
 * @throws ModelError when neither can be made out.
 */
export function baseOf(model: LayerJson, shapeOf: ShapeOf, where: string): Base {
  const before = (layer: LayerJson): LayerJson | null => {
    const [name] = feedersOf(model, layer);
    return name === undefined ? null : layerNamed(model, name, where);
  };
  let head: LayerJson | null = outputLayer(model, where);
  while (head && isScoring(head)) head = before(head);
  if (head?.class_name === 'Dense') {
    const kernel = shapeOf(`${nameOf(head)}/kernel`);
    const last = before(head);
    if (!kernel || !last)
      throw new ModelError(`${where}: there is nothing before the last Dense layer ${nameOf(head)}`);
    return { last: nameOf(last), width: kernel[0]!, replaced: nameOf(head) };
  }
  const last = outputLayer(model, where);
  return { last: nameOf(last), width: channels(model, last, shapeOf, where), replaced: null };
}

const isScoring = ({ class_name, config }: LayerJson): boolean =>
  class_name === 'Softmax' ||
  (class_name === 'Activation' && ['softmax', 'sigmoid'].includes(String(config['activation'])));

/** Channels of a layer's output: those of the last layer before it that decides them. */
function channels(model: LayerJson, last: LayerJson, shapeOf: ShapeOf, where: string): number {
  for (let layer: LayerJson | undefined = last; layer;) {
    if (!PASSES_CHANNELS.has(layer.class_name)) {
      const weight = weightsOf(layer).at(-1);
      const shape = weight === undefined ? undefined : shapeOf(`${nameOf(layer)}/${weight}`);
      if (shape && DECIDES_CHANNELS.has(layer.class_name)) return shape.at(-1)!;
      break;
    }
    const [name] = feedersOf(model, layer);
    layer = name === undefined ? undefined : layerNamed(model, name, where);
  }
  throw new ModelError(
    `${where}: expected a model that ends with a Dense layer or with convolutions, found ${nameOf(last)} (${last.class_name})`,
  );
}
