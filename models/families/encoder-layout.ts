/**
 * What BERT, RoBERTa and DistilBERT have in common: a transformer encoder with post-LayerNorm, learned absolute positions
 * and the exact (erf) GELU. They differ in names, in token types, in where positions begin and in their own heads.
 */
import type { Job } from '../../job/schema.js';
import type { TensorSpec } from '../tensor-spec.js';

export interface EncoderConfig {
  readonly vocabSize: number;
  readonly hiddenSize: number;
  readonly layers: number;
  /** Divides hiddenSize. */
  readonly heads: number;
  readonly intermediateSize: number;
  readonly hiddenDropout: number;
  readonly attentionDropout: number;
  /** Rows of the table of positions. */
  readonly maxPositions: number;
  /** Row of the first token: 0, or what follows the padding's own in RoBERTa. */
  readonly firstPosition: number;
  /** 0: the family has no token types. */
  readonly typeVocabSize: number;
  readonly layerNormEps: number;
  /** Standard deviation of new weights. */
  readonly initializerRange: number;
  readonly padTokenId: number;
}

/** Names of one layer's parts, without `.weight` and `.bias`. */
export interface EncoderLayer {
  /** What the names of all its tensors begin with. */
  readonly block: string;
  readonly query: string;
  readonly key: string;
  readonly value: string;
  /** From the joined heads to the width. */
  readonly mixed: string;
  readonly mixedNorm: string;
  readonly inner: string;
  readonly output: string;
  readonly outputNorm: string;
}

export const bertLayer = (index: number): EncoderLayer => ({
  block: `encoder.layer.${index}`,
  query: `encoder.layer.${index}.attention.self.query`,
  key: `encoder.layer.${index}.attention.self.key`,
  value: `encoder.layer.${index}.attention.self.value`,
  mixed: `encoder.layer.${index}.attention.output.dense`,
  mixedNorm: `encoder.layer.${index}.attention.output.LayerNorm`,
  inner: `encoder.layer.${index}.intermediate.dense`,
  output: `encoder.layer.${index}.output.dense`,
  outputNorm: `encoder.layer.${index}.output.LayerNorm`,
});

export const distilbertLayer = (index: number): EncoderLayer => ({
  block: `transformer.layer.${index}`,
  query: `transformer.layer.${index}.attention.q_lin`,
  key: `transformer.layer.${index}.attention.k_lin`,
  value: `transformer.layer.${index}.attention.v_lin`,
  mixed: `transformer.layer.${index}.attention.out_lin`,
  mixedNorm: `transformer.layer.${index}.sa_layer_norm`,
  inner: `transformer.layer.${index}.ffn.lin1`,
  output: `transformer.layer.${index}.ffn.lin2`,
  outputNorm: `transformer.layer.${index}.output_layer_norm`,
});

export const POOLER = 'pooler.dense';

/** What the head reads: every token's vector, or one vector of the text. */
export type Pooling = Job['pooling'] | 'tokens';

export const poolingOf = (job: Job): Pooling => (job.task === 'token-classification' ? 'tokens' : job.pooling);

/** Tensors of an encoder in order, by their Hugging Face names without prefix. Linear weights are (out, in). */
export function encoderTensors(
  config: EncoderConfig,
  layerOf: (index: number) => EncoderLayer,
  pooler: boolean,
): TensorSpec[] {
  const { hiddenSize: hidden, intermediateSize: inner } = config;
  const types = { name: 'embeddings.token_type_embeddings.weight', shape: [config.typeVocabSize, hidden] };
  return [
    { name: 'embeddings.word_embeddings.weight', shape: [config.vocabSize, hidden] },
    { name: 'embeddings.position_embeddings.weight', shape: [config.maxPositions, hidden] },
    ...(config.typeVocabSize > 0 ? [types] : []),
    ...layerNorm('embeddings.LayerNorm', hidden),
    ...Array.from({ length: config.layers }, (_, index) => layerOf(index)).flatMap((layer) => [
      ...linear(layer.query, hidden, hidden),
      ...linear(layer.key, hidden, hidden),
      ...linear(layer.value, hidden, hidden),
      ...linear(layer.mixed, hidden, hidden),
      ...layerNorm(layer.mixedNorm, hidden),
      ...linear(layer.inner, hidden, inner),
      ...linear(layer.output, inner, hidden),
      ...layerNorm(layer.outputNorm, hidden),
    ]),
    ...(pooler ? linear(POOLER, hidden, hidden) : []),
  ];
}

/** -1 for embeddings, the number of layers for what follows them. */
export function encoderBlockOf(name: string, { layers }: EncoderConfig): number {
  const index = /^(?:encoder|transformer)\.layer\.(\d+)\./.exec(name)?.[1];
  if (index !== undefined) return Number(index);
  return name.startsWith('embeddings.') ? -1 : layers;
}

export const linear = (name: string, inputs: number, outputs: number): TensorSpec[] => [
  { name: `${name}.weight`, shape: [outputs, inputs] },
  { name: `${name}.bias`, shape: [outputs] },
];

const layerNorm = (name: string, size: number): TensorSpec[] => [
  { name: `${name}.weight`, shape: [size] },
  { name: `${name}.bias`, shape: [size] },
];
