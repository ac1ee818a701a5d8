/** Everything that the engine can train, each in a few steps: what test/engine/cut-anywhere.test.ts cuts. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { repositoryRoot } from '../../infra/parts/root.mjs';
import { parseJob } from '../../job/parse.js';
import type { Job } from '../../job/schema.js';
import { writeDocsModule } from './own-models.js';
import { writeImages, writeTable, writeTagged, writeTexts } from './tiny-data.js';

const fixture = (name: string): string => join(repositoryRoot(), 'test', 'fixtures', name);

const sources = {
  texts: (folder: string) => writeTexts(folder, 36),
  tagged: (folder: string) => writeTagged(folder, 36),
  table: (folder: string) => writeTable(folder, 36),
  images: (folder: string) => writeImages(folder, 30),
} as const;

export interface ExactCase {
  readonly name: string;
  readonly source: keyof typeof sources;
  /** The job without its name; SOURCE and FOLDER stand for what is made for it. */
  readonly yaml: string;
  /** What a state without it must not resume from: names of the tensors that carry it. */
  readonly carries?: RegExp;
  /** The base runs once, and only the head trains. */
  readonly keepsFeatures?: true;
}

/** The job with its source, which is made in `folder`. */
export async function prepareCase({ source, yaml }: ExactCase, folder: string): Promise<Job> {
  const path = await sources[source](folder);
  await mkdir(join(folder, 'cnn'));
  const cnn = { model_type: 'temper-cnn', imageSize: 16, channels: 1, filters: [4, 8], hidden: 16 };
  await writeFile(join(folder, 'cnn', 'config.json'), JSON.stringify(cnn));
  const synonyms = { word: 'the bird', synonyms: ['a kind of plant', 'stone'] };
  const others = { word: 'hill', synonyms: ['garden by the sea'] };
  await writeFile(join(folder, 'synonyms.jsonl'), `${JSON.stringify(synonyms)}\n${JSON.stringify(others)}\n`);
  writeDocsModule(folder);
  return parseJob(`name: exact\n${yaml.replace('SOURCE', path).replace('FOLDER', folder)}`, 'exact.yaml');
}

interface Sections {
  readonly model?: string;
  readonly task?: string;
  /** Keys of `data`, besides its source and split. */
  readonly data?: string;
  /** Keys of `train`, besides those of all. */
  readonly train?: string;
  /** More keys of the job, a line each. */
  readonly more?: string;
}

/** 24 rows in batches of 7: the last is short. */
const usual = ['epochs: 2', 'batchSize: 7', 'learningRate: 1e-2', 'warmupSteps: 3'];

const job = (split: string, defaults: Required<Omit<Sections, 'more'>>, given: Sections): string => {
  const { model, task, data, train, more = '' } = { ...defaults, ...given };
  return [
    `model: "${model.includes(':') || model === 'mlp' ? model : `file:${fixture(model)}`}"`,
    `task: ${task}`,
    `data: { source: "SOURCE", split: ${split}, ${data} }`,
    `train: { ${[train, ...usual.filter((key) => !train.includes(key.split(':')[0]!))].filter(Boolean).join(', ')} }`,
    more,
  ].join('\n');
};

const texts = { model: 'tiny-bert', task: 'text-classification', data: 'maxLength: 16', train: '' };
const images = { model: 'tiny-resnet', task: 'image-classification', data: 'imageSize: 32', train: '' };
const table = { model: 'mlp', task: 'tabular-classification', data: 'label: group', train: '' };
const byColumn = '{ column: part }';
const shares = '{ train: 0.6, validation: 0.2, test: 0.2 }';

const text = (name: string, given: Sections, carries?: RegExp): ExactCase => ({
  ...{ name, source: 'texts', yaml: job(byColumn, texts, given) },
  ...(carries && { carries }),
});
const image = (name: string, given: Sections, carries?: RegExp): ExactCase => ({
  ...{ name, source: 'images', yaml: job(shares, images, given) },
  ...(carries && { carries }),
});
const tabular = (name: string, given: Sections): ExactCase => ({
  ...{ name, source: 'table', yaml: job(byColumn, table, given) },
});

const optimizers: readonly ExactCase[] = [
  text('adamw', { train: 'optimizer: adamw' }, /^adamw\./),
  text('adam', { train: 'optimizer: adam' }, /^adam\./),
  text('sgd with momentum', { train: 'optimizer: sgd, momentum: 0.9' }, /^sgd\./),
  text('sgd with nesterov', { train: 'optimizer: sgd, momentum: 0.9, nesterov: true' }, /^sgd\./),
  text('sgd alone', { train: 'optimizer: sgd, momentum: 0' }),
  text('rmsprop', { train: 'optimizer: rmsprop, momentum: 0.9' }, /^rmsprop\.v/),
  text('rmsprop, its momentum', { train: 'optimizer: rmsprop, momentum: 0.9' }, /^rmsprop\.momentum/),
  text('adafactor, its rows', { train: 'optimizer: adafactor' }, /^adafactor\.row/),
  text('adafactor, its vectors', { train: 'optimizer: adafactor' }, /^adafactor\.v/),
  text('lion', { train: 'optimizer: lion, learningRate: 1e-3' }, /^lion\./),
];

const plateau = (patience: number) =>
  `learningRate: 0.05, warmupSteps: 0, epochs: 5, schedule: { name: reduce-on-plateau, patience: ${patience}, factor: 0.3 }, batchSize: 12`;

const training: readonly ExactCase[] = [
  text('a part is frozen', { more: 'freeze: { train: [head, "encoder.layer.1"] }' }),
  text('three batches a step, the last group short', { train: 'accumulate: 3, batchSize: 5' }, /^adamw\./),
  text('moving averages', { train: 'ema: 0.9' }, /^ema\//),
  text('moving averages of accumulated steps', { train: 'ema: 0.9, accumulate: 3, batchSize: 5' }, /^ema\//),
  text('adapters', { more: 'lora: { rank: 2 }' }, /^adamw\./),
  text('adapters with averages', { more: 'lora: { rank: 2 }', train: 'ema: 0.8' }, /^ema\//),
  text('gradual unfreezing', { train: 'epochs: 4, batchSize: 12', more: 'freeze: { gradual: {} }' }, /^adamw\./),
  text('groups and rates by depth', {
    train: 'layerDecay: 0.7, groups: [{ match: ["encoder.layer.0"], rate: 0.5, weightDecay: 0.1 }]',
  }),
  text('reduce-on-plateau', { train: plateau(1) }),
  text('one-cycle', { train: 'schedule: one-cycle' }),
  text('cosine-restarts', { train: 'schedule: { name: cosine-restarts, cycles: 2 }' }),
  text('label smoothing', { train: 'labelSmoothing: 0.1' }),
  text('focal loss, no clipping', { train: 'loss: focal, clipNorm: null' }),
  text('bf16', { train: 'precision: bf16' }),
  text('checkpointed blocks', { train: 'gradientCheckpointing: true' }),
  text('checkpointed blocks, partly frozen, with adapters', {
    train: 'gradientCheckpointing: true',
    more: 'lora: { rank: 2 }',
  }),
];

const balance: readonly ExactCase[] = [
  text('class weights, accumulated', {
    data: 'maxLength: 16, balance: class-weights',
    train: 'accumulate: 3, batchSize: 5',
  }),
  text('balanced sampling', { data: 'maxLength: 16, balance: sampling' }),
  tabular('balanced sampling of a table, accumulated', {
    data: 'label: group, balance: sampling',
    train: 'accumulate: 2, batchSize: 5',
  }),
  {
    ...text('balanced sampling of kept features', {
      data: 'maxLength: 16, balance: sampling',
      train: 'dropout: 0',
      more: 'freeze: all',
    }),
    keepsFeatures: true,
  },
  {
    ...text('class weights on kept features', {
      data: 'maxLength: 16, balance: class-weights',
      train: 'dropout: 0',
      more: 'freeze: all',
    }),
    keepsFeatures: true,
  },
];

const families: readonly ExactCase[] = [
  text('distilbert', { model: 'tiny-distilbert' }),
  text('roberta', { model: 'tiny-roberta' }),
  text('roberta, its own pooling', { model: 'tiny-roberta', more: 'pooling: native' }),
  text('pairs', { data: 'textPair: second, maxLength: 24' }),
  text('multi-label', { data: 'label: labels, multiLabel: true, maxLength: 16' }),
  text('gpt2 as a language model', { model: 'tiny-gpt2', task: 'causal-lm', train: 'batchSize: 3' }),
  text('gpt2, checkpointed, bf16', {
    ...{ model: 'tiny-gpt2', task: 'causal-lm' },
    train: 'batchSize: 3, gradientCheckpointing: true, precision: bf16',
  }),
  text('gpt2 with adapters', { model: 'tiny-gpt2', task: 'causal-lm', train: 'batchSize: 3', more: 'lora: {}' }),
  text('a base from random weights', { more: 'pretrained: false' }),
  {
    ...{ name: 'token classification', source: 'tagged' },
    yaml: job(byColumn, texts, { task: 'token-classification', data: 'label: tags, maxLength: 24' }),
  },
  image('resnet', {}, /running_(mean|var)$/),
  image('resnet, accumulated', { train: 'accumulate: 2, batchSize: 5' }, /running_(mean|var)$/),
  image('resnet, partly frozen', { more: 'freeze: { lastBlocks: 1 }' }),
  image('resnet-basic', { model: 'tiny-resnet-basic', train: 'optimizer: sgd' }, /running_(mean|var)$/),
  image('mobilenet-v2', { model: 'tiny-mobilenet-v2', data: 'imageSize: 48' }, /running_(mean|var)$/),
  image('mobilenet-v2, frozen', {
    ...{ model: 'tiny-mobilenet-v2', data: 'imageSize: 48' },
    more: 'freeze: all\nreuseFeatures: off',
  }),
  image('vit', { model: 'tiny-vit', data: 'imageSize: 24' }),
  image('vit with adapters', { model: 'tiny-vit', data: 'imageSize: 24', more: 'lora: {}' }),
  image('a convolutional network from scratch', {
    ...{ model: 'file:FOLDER/cnn', data: 'imageSize: 16' },
    more: 'pretrained: false',
  }),
  tabular('a table, its classes', {}),
  tabular('a table, a number', { task: 'tabular-regression', data: 'label: price', train: 'loss: huber' }),
  tabular('a module of the user', { model: 'module:FOLDER/my-model.mjs' }),
  tabular('a Keras model of a table', {
    ...{ model: `file:${fixture('keras-models/table.keras')}`, task: 'tabular-regression' },
    data: 'label: price, features: { numeric: [age, income], categorical: [city] }',
  }),
  image('a Keras model of images', { model: `file:${fixture('keras-models/residual.keras')}`, data: '' }, /moving_/),
  {
    ...image('a head on kept features of images', { more: 'freeze: all' }, /^adamw\./),
    keepsFeatures: true,
  },
  {
    ...text('a head on kept features of texts', { train: 'dropout: 0', more: 'freeze: all' }, /^adamw\./),
    keepsFeatures: true,
  },
];

const augmented: readonly ExactCase[] = [
  image('images augmented in every way, mixed', {
    data: `imageSize: 32, augment: { randomResizedCrop: {}, horizontalFlip: 0.5, verticalFlip: 0.3, rotation: { degrees: 20 }, affine: { degrees: 5, translate: [0.1, 0.1], scale: [0.8, 1.2], shear: 10, interpolation: bilinear }, randAugment: {}, colorJitter: { brightness: 0.4, contrast: 0.4, saturation: 0.4, hue: 0.1 }, randomErasing: { value: random }, cutmix: {}, mixup: { alpha: 0.2 } }`,
  }),
  image('images cropped and mixed, accumulated', {
    data: 'imageSize: 32, augment: { randomCrop: { padding: 4, paddingMode: reflect }, mixup: {} }',
    train: 'accumulate: 2, batchSize: 5, labelSmoothing: 0.1',
  }),
  text('texts augmented', {
    data: 'maxLength: 16, augment: { synonyms: { table: FOLDER/synonyms.jsonl, p: 0.5 }, tokenDropout: {}, tokenSwap: {}, masking: {} }',
  }),
  text('pairs augmented', {
    data: 'textPair: second, maxLength: 24, augment: { synonyms: { table: FOLDER/synonyms.jsonl, p: 0.5 }, tokenDropout: { p: 0.3 }, tokenSwap: {}, masking: {} }',
  }),
  {
    ...{ name: 'tags of masked tokens', source: 'tagged' },
    yaml: job(byColumn, texts, {
      ...{ task: 'token-classification', data: 'label: tags, maxLength: 24, augment: { masking: {} }' },
    }),
  },
  tabular('a table with noise, mixed', { data: 'label: group, augment: { noise: {}, mixup: {} }' }),
  tabular('a table of numbers with noise, mixed', {
    ...{ task: 'tabular-regression', data: 'label: price, augment: { noise: { std: 0.05 }, mixup: { alpha: 0.4 } }' },
    train: 'loss: huber, accumulate: 2, batchSize: 5',
  }),
];

export const exactCases: readonly ExactCase[] = [...optimizers, ...training, ...balance, ...families, ...augmented];
