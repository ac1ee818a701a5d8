/**
 * GPT-2 (Radford et al., 2019) as transformers' GPT2LMHeadModel stores it.
 *
 * Its projections are transformers' `Conv1D`, whose weights are (in, out): they keep this layout here too, since a product
 * costs the same either way and a file's bytes are then used as they are. Only a new head is (out, in).
 */
import type { Job } from '../../job/schema.js';
import { ModelError } from '../model-error.js';
import { readFloats } from '../safetensors.js';
import type { TensorSpec } from '../tensor-spec.js';
import type { WeightsHeaders } from '../weights-files.js';
import type { Family, NameMapping, Outputs } from './family.js';
import { parseGpt2Config, type Gpt2Config } from './gpt2-config.js';
import { publishedConfig } from './labels.js';

export { parseGpt2Config, type Gpt2Config } from './gpt2-config.js';

const PREFIX = 'transformer.';
export const WORD_EMBEDDINGS = 'wte.weight';
export const OUTPUT_LAYER = 'lm_head.weight';

const norm = (name: string, width: number): TensorSpec[] => [
  { name: `${name}.weight`, shape: [width] },
  { name: `${name}.bias`, shape: [width] },
];

const conv1d = (name: string, inputs: number, outputs: number, initial?: number): TensorSpec[] => [
  { name: `${name}.weight`, shape: [inputs, outputs], ...(initial !== undefined && { initial }) },
  { name: `${name}.bias`, shape: [outputs] },
];

/** Tensors of the base in the order of the forward pass. */
export function gpt2Tensors(config: Gpt2Config): TensorSpec[] {
  const { vocabSize, maxPositions, width, innerWidth, layers } = config;
  // New projections into the residual stream begin smaller, so that its variance does not grow with its 2 · layers additions.
  const residual = config.initializerRange / Math.sqrt(2 * layers);
  return [
    { name: WORD_EMBEDDINGS, shape: [vocabSize, width] },
    { name: 'wpe.weight', shape: [maxPositions, width] },
    ...Array.from({ length: layers }, (_, index) => `h.${index}`).flatMap((block) => [
      ...norm(`${block}.ln_1`, width),
      ...conv1d(`${block}.attn.c_attn`, width, 3 * width),
      ...conv1d(`${block}.attn.c_proj`, width, width, residual),
      ...norm(`${block}.ln_2`, width),
      ...conv1d(`${block}.mlp.c_fc`, width, innerWidth),
      ...conv1d(`${block}.mlp.c_proj`, innerWidth, width, residual),
    ]),
    ...norm('ln_f', width),
  ];
}

/** GPT2ForSequenceClassification's `score` has no bias; a head of ours has one. */
export const gpt2Head = ({ width }: Gpt2Config, { task, pooling }: Job, outputs: Outputs): TensorSpec[] => {
  if (task === 'causal-lm') return [];
  const weight = { name: 'head.weight', shape: [outputs, width] };
  return pooling === 'native' ? [weight] : [weight, { name: 'head.bias', shape: [outputs] }];
};

/** Causal masks that old files carry as buffers, and the output layer, which is the word embeddings. */
const unused = /^(?:h\.\d+\.attn\.(?:bias|masked_bias)$|lm_head\.)/;
const someHead = /^(?:score|head|classifier|multiple_choice_head)\./;

/** Takes the `transformer.` prefix off. A head is mapped to `head.…` for a classifier, and passed over by a language model. */
export function mapGpt2Names(names: Iterable<string>, _config: Gpt2Config, job: Job): NameMapping {
  const inFile = new Map<string, string>();
  const ignored: string[] = [];
  const ownHead = job.pooling === 'native' ? 'score.' : 'head.';
  for (const name of names) {
    let ours = name.startsWith(PREFIX) ? name.slice(PREFIX.length) : name;
    const isHead = someHead.test(ours);
    if (unused.test(ours) || (isHead && job.task !== 'text-classification')) {
      ignored.push(name);
      continue;
    }
    // A head of another kind gets a name that no head of ours has, and is replaced.
    if (isHead) ours = ours.startsWith(ownHead) ? `head.${ours.slice(ownHead.length)}` : `head.${ours}`;
    // Two names for one tensor: the second stays as it is, and is unexpected.
    inFile.set(inFile.has(ours) ? name : ours, name);
  }
  return { inFile, ignored: ignored.sort() };
}

/**
 * Checks that files which hold an output layer of their own hold the word embeddings in it once more.
 * @throws ModelError where the two differ: a language model would silently lose its output layer.
 */
export async function checkTiedOutputLayer(weights: WeightsHeaders): Promise<void> {
  const output = await tensorIn(weights, (name) => name === OUTPUT_LAYER);
  if (output === null) return;
  const input = await tensorIn(weights, (name) => name === WORD_EMBEDDINGS || name === `${PREFIX}${WORD_EMBEDDINGS}`);
  if (input === null) return; // a missing tensor is told with all that are missing
  if (input.values.length === output.values.length && input.values.every((value, i) => value === output.values[i]))
    return;
  throw new ModelError(
    `${output.path}: expected ${OUTPUT_LAYER} to equal ${input.name}, found another tensor: an output layer of its own cannot be trained here, use a model with tied word embeddings`,
  );
}

async function tensorIn(weights: WeightsHeaders, matches: (name: string) => boolean) {
  for (const header of weights.values()) {
    const name = [...header.tensors.keys()].find(matches);
    if (name !== undefined) return { name, path: header.path, values: await readFloats(header, name) };
  }
  return null;
}

function blockOf(name: string, { layers }: Gpt2Config): number {
  const block = /^h\.(\d+)\./.exec(name)?.[1];
  if (block !== undefined) return Number(block);
  return name.startsWith('ln_f.') ? layers : -1;
}

/** What transformers' classes load; a head with a bias has no class there, so its model is published as a plain GPT2Model. */
function publish(
  config: Readonly<Record<string, unknown>>,
  { padTokenId, endOfTextId }: Gpt2Config,
  job: Job,
  labels: readonly string[],
) {
  if (job.task === 'causal-lm') {
    const { id2label: _, label2id: __, ...published } = publishedConfig(config, 'GPT2LMHeadModel', job, labels);
    return { config: published, nameInFile: (name: string) => `${PREFIX}${name}` };
  }
  if (job.pooling !== 'native') {
    return { config: publishedConfig(config, 'GPT2Model', job, labels), nameInFile: (name: string) => name };
  }
  const published = publishedConfig(config, 'GPT2ForSequenceClassification', job, labels);
  return {
    // The class finds the last token of a padded row by its pad token, and refuses batches without one.
    config: { ...published, pad_token_id: padTokenId ?? endOfTextId },
    nameInFile: (name: string) => (name === 'head.weight' ? 'score.weight' : `${PREFIX}${name}`),
  };
}

export const gpt2: Family<Gpt2Config> = {
  name: 'gpt2',
  tasks: ['causal-lm', 'text-classification'],
  reads: (config) => config['model_type'] === 'gpt2',
  parse: parseGpt2Config,
  tensors: gpt2Tensors,
  head: gpt2Head,
  mapNames: mapGpt2Names,
  checkWeights: checkTiedOutputLayer,
  blocks: ({ layers }) => layers,
  blockOf,
  adapterTargets: ['h\\.\\d+\\.attn\\.c_attn\\.weight'],
  maxLength: ({ maxPositions }) => maxPositions,
  vocabularySize: ({ vocabSize }) => vocabSize,
  initializerRange: ({ initializerRange }) => initializerRange,
  publish,
};
