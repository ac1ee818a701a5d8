/** The part of TensorFlow.js's layers that runs a user's model; its types show less than it has. */
import type { LayersConfig } from '../../models/keras/import.js';
import { tf, type Tensor } from '../tensorflow.js';

export interface TfjsVariable {
  readonly originalName: string;
  readonly shape: readonly number[];
  write(value: Tensor): unknown;
  read(): Tensor;
  dispose(): void;
}

export interface TfjsLayer {
  readonly name: string;
  readonly weights: readonly TfjsVariable[];
  readonly layers?: readonly TfjsLayer[];
  getClassName(): string;
  getConfig(): Readonly<Record<string, unknown>>;
  call(inputs: Tensor | Tensor[], kwargs: Readonly<Record<string, unknown>>): Tensor | Tensor[];
}

export interface OpenedLayers {
  /** Every layer that is no model, in order. */
  readonly layers: readonly TfjsLayer[];
  /** The features of a batch. */
  apply(input: Tensor): Tensor;
}

type FromConfig = (cls: unknown, config: object, customObjects: object, fastWeightInit: boolean) => LayersModel;
type LayersModel = ReturnType<typeof tf.model>;

/** Builds the layers of a model up to its features; their variables hold zeros. */
export function buildLayers({ topology, last }: LayersConfig) {
  const cls = topology.class_name === 'Sequential' ? tf.Sequential : tf.LayersModel;
  const fromConfig = (cls as unknown as { fromConfig: FromConfig }).fromConfig.bind(cls);
  const whole = fromConfig(cls, camelCase(topology.config, '') as object, {}, true);
  const base = tf.model({ inputs: whole.inputs, outputs: whole.getLayer(last).output });
  const layers = leaves(base as unknown as TfjsLayer);
  const free = (from: readonly TfjsLayer[]) => {
    for (const { weights } of from) for (const weight of weights) weight.dispose();
  };
  free(leaves(whole as unknown as TfjsLayer).filter((layer) => !layers.includes(layer)));
  return { base, layers, dispose: () => free(layers) };
}

/** The layers of a model up to its features, for a pass that gives their variables values of its own: they have none. */
export function openLayers(config: LayersConfig): OpenedLayers {
  const { base, layers, dispose } = buildLayers(config);
  dispose();
  return {
    layers,
    // As in training, when the executor frees no tensors: the gradient needs them.
    apply: (input) => base.apply(input, { training: true }) as Tensor,
  };
}

const leaves = (layer: TfjsLayer): TfjsLayer[] => layer.layers?.flatMap(leaves) ?? [layer];

/**
 * Keys, and values that are words, in camel case, as TensorFlow.js reads Keras's JSON when it loads a model (its own
 * function for this is not exported). Names of layers stay as they are.
 */
function camelCase(value: unknown, key: string): unknown {
  if (typeof value === 'string') return key === 'name' ? value : camel(value);
  if (Array.isArray(value)) {
    const isReference = key === 'inboundNodes' || key === 'inputLayers' || key === 'outputLayers';
    return value.map((item: unknown, i) =>
      isReference && i === 0 && typeof item === 'string' ? item : camelCase(item, key),
    );
  }
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([inner, item]) => [camel(inner), camelCase(item, camel(inner))]),
  );
}

const camel = (text: string): string =>
  text.length <= 1 || !text.includes('_')
    ? text
    : text.replace(/_+(\w|$)/g, (_, letter: string) => letter.toUpperCase());
