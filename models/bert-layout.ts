import type { BertConfig } from './bert-config.js';

export interface TensorSpec {
  readonly name: string;
  readonly shape: readonly number[];
}

/**
 * Tensors of the encoder, by their Hugging Face names without prefix. Linear weights are (out, in), as torch has them.
 * The pooler is not among them: the head reads the mean of the token vectors.
 */
export function bertTensors(config: BertConfig): TensorSpec[] {
  const { hiddenSize: hidden, intermediateSize: inner } = config;
  return [
    { name: 'embeddings.word_embeddings.weight', shape: [config.vocabSize, hidden] },
    { name: 'embeddings.position_embeddings.weight', shape: [config.maxPositions, hidden] },
    { name: 'embeddings.token_type_embeddings.weight', shape: [config.typeVocabSize, hidden] },
    ...layerNorm('embeddings.LayerNorm', hidden),
    ...Array.from({ length: config.layers }, (_, index) => `encoder.layer.${index}`).flatMap((layer) => [
      ...linear(`${layer}.attention.self.query`, hidden, hidden),
      ...linear(`${layer}.attention.self.key`, hidden, hidden),
      ...linear(`${layer}.attention.self.value`, hidden, hidden),
      ...linear(`${layer}.attention.output.dense`, hidden, hidden),
      ...layerNorm(`${layer}.attention.output.LayerNorm`, hidden),
      ...linear(`${layer}.intermediate.dense`, hidden, inner),
      ...linear(`${layer}.output.dense`, inner, hidden),
      ...layerNorm(`${layer}.output.LayerNorm`, hidden),
    ]),
  ];
}

/** The classification head over the mean-pooled tokens: logits = mean · weightᵀ + bias. */
export const headTensors = (config: BertConfig, classes: number): TensorSpec[] =>
  linear('head', config.hiddenSize, classes);

const linear = (name: string, inputs: number, outputs: number): TensorSpec[] => [
  { name: `${name}.weight`, shape: [outputs, inputs] },
  { name: `${name}.bias`, shape: [outputs] },
];

const layerNorm = (name: string, size: number): TensorSpec[] => [
  { name: `${name}.weight`, shape: [size] },
  { name: `${name}.bias`, shape: [size] },
];

export interface NameMapping {
  /** Our name -> the name in the file. */
  readonly inFile: ReadonlyMap<string, string>;
  /** Names in the file that training has no use for: pooler, other heads, position ids. */
  readonly ignored: readonly string[];
}

const unused = /^(?:embeddings\.position_ids|(?:pooler|cls|classifier|head|qa_outputs)\.)/;

/**
 * How a file's names read as ours: a `bert.` prefix is taken off, and LayerNorm's old `gamma`/`beta` (files converted
 * from TensorFlow) are read as `weight`/`bias`.
 */
export function mapBertNames(names: Iterable<string>): NameMapping {
  const inFile = new Map<string, string>();
  const ignored: string[] = [];
  for (const name of names) {
    const ours = name
      .replace(/^bert\./, '')
      .replace(/\.LayerNorm\.gamma$/, '.LayerNorm.weight')
      .replace(/\.LayerNorm\.beta$/, '.LayerNorm.bias');
    if (unused.test(ours)) ignored.push(name);
    // Two names for one tensor: the second stays as it is, and is unexpected.
    else inFile.set(inFile.has(ours) ? name : ours, name);
  }
  return { inFile, ignored: ignored.sort() };
}
