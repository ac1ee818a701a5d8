/** Families of encoders: what their configurations, names and heads come to. */
import type { Job } from '../../job/schema.js';
import type { TensorSpec } from '../tensor-spec.js';
import type { Family, NameMapping } from './family.js';
import { publishedConfig } from './labels.js';
import {
  encoderBlockOf,
  encoderTensors,
  linear,
  poolingOf,
  POOLER,
  type EncoderConfig,
  type EncoderLayer,
  type Pooling,
} from './encoder-layout.js';

export interface EncoderKind {
  readonly name: string;
  /** `model_type` in config.json -> what Hugging Face's classes begin with. */
  readonly classes: Readonly<Record<string, string>>;
  readonly parse: Family<EncoderConfig>['parse'];
  readonly layer: (index: number) => EncoderLayer;
  /** Before the names of the base in a file that has a head. */
  readonly prefix: string;
  /** Whether the family's own head reads a pooler that belongs to the base. */
  readonly pooler: boolean;
  /** Parts of the family's own head: ours -> in the file. */
  readonly nativeHead: Readonly<Record<string, string>>;
  readonly nativeHeadTensors: (width: number, outputs: number) => readonly TensorSpec[];
}

/** Names of other heads, and of buffers that are no weights. */
const unused =
  /^(?:embeddings\.position_ids$|(?:cls|qa_outputs|lm_head|vocab_transform|vocab_layer_norm|vocab_projector)\.)/;
const someHead = /^(?:classifier|pre_classifier|head)\./;

export function encoderFamily(kind: EncoderKind): Family<EncoderConfig> {
  const hasPooler = (job: Job) => kind.pooler && poolingOf(job) === 'native';
  return {
    name: kind.name,
    tasks: ['text-classification', 'token-classification'],
    reads: ({ model_type }) => typeof model_type === 'string' && Object.hasOwn(kind.classes, model_type),
    parse: kind.parse,
    tensors: (config, job) => encoderTensors(config, kind.layer, hasPooler(job)),
    head: ({ hiddenSize }, job, outputs) =>
      poolingOf(job) === 'native' ? kind.nativeHeadTensors(hiddenSize, outputs) : linear('head', hiddenSize, outputs),
    mapNames: (names, _, job) => mapNames(kind, names, headParts(kind, poolingOf(job)), hasPooler(job)),
    blocks: ({ layers }) => layers,
    blockOf: encoderBlockOf,
    adapterTargets: adapterTargets(kind.layer),
    maxLength: ({ maxPositions, firstPosition }) => maxPositions - firstPosition,
    vocabularySize: ({ vocabSize }) => vocabSize,
    initializerRange: ({ initializerRange }) => initializerRange,
    publish: (config, _, job, labels) => publish(kind, config, job, labels),
  };
}

/** Parts of the head that Hugging Face's classes have a place for, ours -> in the file; no other pooling has a class there. */
function headParts({ nativeHead }: EncoderKind, pooling: Pooling): Readonly<Record<string, string>> {
  if (pooling === 'native') return nativeHead;
  return pooling === 'tokens' ? { head: 'classifier' } : { head: 'head' };
}

/** Query and value projections of every layer, as Hu et al. (2021) choose them. */
const adapterTargets = (layer: (index: number) => EncoderLayer): string[] =>
  [layer(0).query, layer(0).value].map((name) => `${name.replaceAll('.', '\\.').replace('0', '\\d+')}\\.weight`);

const partOf = (name: string): string => name.replace(/\.[^.]+$/, '');

/**
 * How a file's names read as ours: the family's prefix is taken off, and LayerNorm's old `gamma`/`beta` (files converted
 * from TensorFlow) are read as `weight`/`bias`. Tensors of a head of any kind are named `head.…`.
 */
function mapNames(
  { prefix }: EncoderKind,
  names: Iterable<string>,
  parts: Readonly<Record<string, string>>,
  pooler: boolean,
): NameMapping {
  const headOf = new Map(Object.entries(parts).map(([ours, theirs]) => [theirs, ours]));
  const inFile = new Map<string, string>();
  const ignored: string[] = [];
  for (const name of names) {
    let ours = (name.startsWith(prefix) ? name.slice(prefix.length) : name)
      .replace(/\.LayerNorm\.gamma$/, '.LayerNorm.weight')
      .replace(/\.LayerNorm\.beta$/, '.LayerNorm.bias');
    if (unused.test(ours) || (!pooler && ours.startsWith(`${POOLER}.`))) {
      ignored.push(name);
      continue;
    }
    if (someHead.test(ours)) {
      const part = headOf.get(partOf(ours));
      ours = part === undefined ? `head.${ours}` : `${part}${ours.slice(partOf(ours).length)}`;
    }
    // Two names for one tensor: the second stays as it is, and is unexpected.
    inFile.set(inFile.has(ours) ? name : ours, name);
  }
  return { inFile, ignored: ignored.sort() };
}

function publish(kind: EncoderKind, config: Readonly<Record<string, unknown>>, job: Job, labels: readonly string[]) {
  const pooling = poolingOf(job);
  const begins = kind.classes[String(config['model_type'])] ?? kind.name;
  const { classifier_pooling: _, ...rest } = config;
  // Hugging Face has no class for a mean or a bare first token: the base loads as it is, and `head` lies beside it.
  if (pooling === 'mean' || pooling === 'first') {
    const published = publishedConfig(rest, `${begins}Model`, job, labels);
    return { config: { ...published, classifier_pooling: pooling }, nameInFile: (name: string) => name };
  }
  const parts = headParts(kind, pooling);
  const suffix = pooling === 'native' ? 'ForSequenceClassification' : 'ForTokenClassification';
  return {
    config: publishedConfig(rest, `${begins}${suffix}`, job, labels),
    nameInFile: (name: string) => {
      if (!name.startsWith('head.')) return `${kind.prefix}${name}`;
      return `${parts[partOf(name)]}${name.slice(partOf(name).length)}`;
    },
  };
}
