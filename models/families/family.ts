/**
 * What Temper has to know of a family of models without loading TensorFlow: how its files read, which tensors it has, in
 * which order. The forward pass of each family is in training/models/.
 */
import type { Job, Task } from '../../job/schema.js';
import type { TensorSpec } from '../tensor-spec.js';
import type { WeightsHeaders } from '../weights-files.js';

export interface NameMapping {
  /** Our name -> the name in the file. */
  readonly inFile: ReadonlyMap<string, string>;
  /** Names in the file that training has no use for: other heads, position ids. */
  readonly ignored: readonly string[];
}

/** What the new head has to give: classes, tags, or 1 for a number; 0 for causal-lm, which has no head of its own. */
export type Outputs = number;

/** What the values of an image, 0 to 1 by channel, are brought to: (value - mean) / std. */
export interface ImageNormalisation {
  readonly mean: readonly [number, number, number];
  readonly std: readonly [number, number, number];
}

/** How a new tensor begins: one value everywhere, or a normal distribution cut at two standard deviations. */
export type InitialValues = { readonly constant: number } | { readonly std: number };

export interface ConvertedTensor {
  readonly values: Float32Array;
  readonly shape: readonly number[];
}

export interface Family<Config = unknown> {
  /** As ModelRef and the model's card name it. */
  readonly name: string;
  readonly tasks: readonly Task[];
  /** Whether a parsed config.json is of this family. */
  readonly reads: (config: Readonly<Record<string, unknown>>) => boolean;
  /** @throws ModelError naming the key, what was expected and what was found. */
  readonly parse: (config: Readonly<Record<string, unknown>>, fileName: string) => Config;
  /** Tensors of the base, from the input to the output, by the names that Hugging Face gives them, without prefix. */
  readonly tensors: (config: Config, job: Job) => readonly TensorSpec[];
  /** Tensors of a new head; every name begins with `head.`. */
  readonly head: (config: Config, job: Job, outputs: Outputs) => readonly TensorSpec[];
  /** Tensors of a head are mapped to `head.…`, also of one that this job has no use for: it is replaced, and that is said. */
  readonly mapNames: (names: Iterable<string>, config: Config, job: Job) => NameMapping;
  /** Checks what only values can tell, before training begins. @throws ModelError. */
  readonly checkWeights?: (weights: WeightsHeaders) => Promise<void>;
  /** How many blocks the base has (transformer layers, stages of inverted residuals). */
  readonly blocks: (config: Config) => number;
  /** Block of a base tensor: -1 before the first (embeddings, stem), blocks() after the last (final norm). */
  readonly blockOf: (name: string, config: Config) => number;
  /** Tensors that an adapter fits when the job names none, as patterns. */
  readonly adapterTargets: readonly string[];
  /** @throws ModelError where this very configuration cannot do what the job asks: inputs of another kind or size. */
  readonly checkJob?: (config: Config, job: Job) => void;
  /** Files of the folder that are part of the model besides its configuration and weights: a module's code. */
  readonly ownFiles?: readonly string[];
  /** What the data decides of the configuration: the width of a table. @throws ModelError where model and data do not fit. */
  readonly forData?: (config: Config, data: { readonly width: number }) => Config;
  /** Nothing in the base is random in training: no dropout. Its outputs can be kept. */
  readonly stillBase?: true;
  /** What makes outputs of features is not a linear layer `head.weight`, `head.bias`, or nobody knows: code of the user's. */
  readonly ownOutputs?: true;
  readonly maxLength?: (config: Config) => number;
  readonly imageSize?: (config: Config) => number;
  /** Left out: 3, red, green and blue. 1: grey. */
  readonly imageChannels?: (config: Config) => number;
  /** `preprocessor` is the folder's preprocessor_config.json, if it has one. */
  readonly imageNormalisation?: (
    config: Config,
    preprocessor?: Readonly<Record<string, unknown>>,
  ) => ImageNormalisation;
  readonly vocabularySize?: (config: Config) => number;
  /** Standard deviation of new weights where the family has its own; heads and `pretrained: false`. */
  readonly initializerRange: (config: Config) => number;
  /** What a file of the base holds that is transposed or flattened against our shape, by our name: applied when it is read. */
  readonly convert?: (
    name: string,
    config: Config,
  ) => ((values: Float32Array, fileShape: readonly number[]) => Float32Array) | null;
  /** Shape that a file's tensor has once `convert` has read it. */
  readonly shapeOf?: (name: string, fileShape: readonly number[], config: Config) => readonly number[];
  /** The inverse of `convert`, for the published file; null where both are alike. */
  readonly unconvert?: (name: string) => ((values: Float32Array, shape: readonly number[]) => ConvertedTensor) | null;
  /** How a tensor begins where no file gives it, if not by initialWeights' own rules (training/initial-weights.ts). */
  readonly initialValues?: (name: string, shape: readonly number[], config: Config) => InitialValues;
  /** config.json of the fine-tuned model and the names its tensors have in the published file, as Hugging Face's classes load them. */
  readonly publish: (
    config: Readonly<Record<string, unknown>>,
    parsed: Config,
    job: Job,
    labels: readonly string[],
  ) => { readonly config: object; readonly nameInFile: (name: string) => string };
}
