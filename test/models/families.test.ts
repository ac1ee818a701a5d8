import { describe, expect, test } from 'vitest';
import { distilbert } from '../../models/families/distilbert.js';
import type { Family } from '../../models/families/family.js';
import { families, familyNamed, familyOf } from '../../models/families/index.js';
import { outputsOf } from '../../models/families/labels.js';
import { roberta } from '../../models/families/roberta.js';
import { ModelError } from '../../models/model-error.js';
import { jobOf } from './job-of.js';

const hfRoberta = {
  model_type: 'roberta',
  vocab_size: 100,
  hidden_size: 8,
  num_hidden_layers: 2,
  num_attention_heads: 2,
  intermediate_size: 16,
  max_position_embeddings: 66,
  type_vocab_size: 1,
  pad_token_id: 1,
};
const hfDistilbert = { model_type: 'distilbert', vocab_size: 100, dim: 8, n_layers: 3, n_heads: 2, hidden_dim: 16 };

describe('a config.json', () => {
  test.each([
    [{ model_type: 'bert' }, 'bert'],
    [{ model_type: 'distilbert' }, 'distilbert'],
    [{ model_type: 'roberta' }, 'roberta'],
    [{ model_type: 'xlm-roberta' }, 'roberta'],
  ])('%j is of the family %s', (config, name) => {
    expect(familyOf(config).name).toBe(name);
    expect(familyNamed(name)).toBe(familyOf(config));
  });

  test.each([
    [
      { model_type: 'distillbert' },
      'm/config.json: model_type: expected `bert`, ',
      'found "distillbert"; did you mean `distilbert`?',
    ],
    [{ model_type: 'whisper-large-v3' }, 'm/config.json: model_type: expected `bert`, ', 'found "whisper-large-v3"'],
    [{}, 'm/config.json: model_type: expected `bert`, ', 'found none'],
    [{ model_type: 'toString' }, 'm/config.json: model_type: expected `bert`, ', 'found "toString"'],
  ])('%j is refused with the nearest one', (config, beginning, end) => {
    const refuse = () => familyOf(config, 'm/config.json');
    expect(refuse).toThrow(ModelError);
    expect(refuse).toThrow(new RegExp(`^${beginning}.*${end.replace('?', '\\?')}$`));
  });

  test('of RoBERTa counts positions from after the padding', () => {
    const config = roberta.parse(hfRoberta, 'config.json');
    expect(config).toMatchObject({ firstPosition: 2, maxPositions: 66, typeVocabSize: 1, layerNormEps: 1e-12 });
    expect(roberta.maxLength!(config)).toBe(64);
    expect(roberta.maxLength!(roberta.parse({ ...hfRoberta, pad_token_id: 0 }, 'config.json'))).toBe(65);
  });

  test('of DistilBERT has names of its own, refused by these', () => {
    expect(distilbert.parse(hfDistilbert, 'config.json')).toMatchObject({
      ...{ hiddenSize: 8, layers: 3, heads: 2, intermediateSize: 16, maxPositions: 512 },
      ...{ typeVocabSize: 0, firstPosition: 0, layerNormEps: 1e-12 },
    });
    expect(() => distilbert.parse({ ...hfDistilbert, dim: 9 }, 'config.json')).toThrow(
      'config.json: expected n_heads to divide dim, found 2 and 9',
    );
    expect(() => distilbert.parse({ ...hfDistilbert, activation: 'relu', n_layers: 0 }, 'config.json')).toThrow(
      'n_layers: expected a whole number above 0, found 0; activation: expected gelu, found "relu"',
    );
  });
});

const encoders: readonly [string, Family, Record<string, unknown>, { layers: string; of: number }][] = [
  ['bert', familyNamed('bert'), { ...hfRoberta, model_type: 'bert' }, { layers: 'encoder.layer.1.', of: 2 }],
  ['roberta', familyNamed('roberta'), hfRoberta, { layers: 'encoder.layer.1.', of: 2 }],
  ['distilbert', familyNamed('distilbert'), hfDistilbert, { layers: 'transformer.layer.2.', of: 3 }],
];

describe.each(encoders)('%s', (name, family, json, { layers, of }) => {
  const config = family.parse(json, 'config.json');
  const base = (keys = {}) => family.tensors(config, jobOf(keys));
  const head = (keys = {}, outputs = 5) =>
    family.head(config, jobOf(keys), outputs).map((spec) => `${spec.name} [${spec.shape.join(', ')}]`);

  test('has its blocks in order, embeddings before and what is pooled after them', () => {
    expect(family.blocks(config)).toBe(of);
    const blocks = base({ pooling: 'native' }).map((spec) => family.blockOf(spec.name, config));
    expect(blocks).toEqual([...blocks].sort((a, b) => a - b));
    expect(blocks.filter((block) => block === of - 1)).toHaveLength(16);
    expect(family.blockOf(`${layers}output.x`, config)).toBe(of - 1);
    expect(blocks.filter((block) => block === of)).toHaveLength(name === 'bert' ? 2 : 0);
    expect(blocks[0]).toBe(-1);
  });

  test('has adapters on the query and the value of every layer', () => {
    const targets = family.adapterTargets.map((pattern) => new RegExp(`^(?:${pattern})$`));
    const matched = base().filter((spec) => targets.some((target) => target.test(spec.name)));
    expect(matched).toHaveLength(2 * of);
    expect(matched.every((spec) => spec.shape.join() === '8,8' && /query|value|[qv]_lin/.test(spec.name))).toBe(true);
  });

  test('has a linear head, its own only where the job asks for it', () => {
    const linear = ['head.weight [5, 8]', 'head.bias [5]'];
    expect(head()).toEqual(linear);
    expect(head({ pooling: 'first' })).toEqual(linear);
    expect(head({ task: 'token-classification', pooling: 'native' })).toEqual(linear);
    const hidden = { roberta: 'head.dense', distilbert: 'head.pre_classifier' }[name];
    const last = { roberta: 'head.out_proj', distilbert: 'head.classifier' }[name];
    const native = [`${hidden}.weight [8, 8]`, `${hidden}.bias [8]`, `${last}.weight [5, 8]`, `${last}.bias [5]`];
    expect(head({ pooling: 'native' })).toEqual(name === 'bert' ? linear : native);
  });

  test.each([{}, { pooling: 'native' }, { task: 'token-classification' }])(
    'reads the names that it publishes for %j',
    (keys) => {
      const job = jobOf(keys);
      const ours = [...family.tensors(config, job), ...family.head(config, job, 2)].map((spec) => spec.name);
      const { nameInFile } = family.publish(json, config, job, ['a', 'b']);
      const { inFile, ignored } = family.mapNames(ours.map(nameInFile), config, job);
      expect([...inFile]).toEqual(ours.map((tensor) => [tensor, nameInFile(tensor)]));
      expect(ignored).toEqual([]);
    },
  );

  test("ignores heads of pre-training, and names other tasks' heads as heads", () => {
    const unused = ['cls.predictions.bias', 'lm_head.bias', 'qa_outputs.weight', 'vocab_projector.bias'];
    const { inFile, ignored } = family.mapNames([...unused, 'classifier.weight'], config, jobOf());
    expect(ignored).toEqual([...unused].sort());
    expect([...inFile]).toEqual([['head.classifier.weight', 'classifier.weight']]);
  });
});

test('the names of families are all different', () => {
  expect(new Set(families.map(({ name }) => name)).size).toBe(families.length);
});

test('a published config.json says nothing of the head before, and float32', () => {
  const family = familyNamed('bert');
  const json = {
    ...hfRoberta,
    ...{
      model_type: 'bert',
      torch_dtype: 'float16',
      problem_type: 'regression',
      classifier_pooling: 'mean',
      num_labels: 9,
    },
  };
  const { config } = family.publish(json, family.parse(json, 'c'), jobOf({ pooling: 'native' }), ['a', 'b']);
  expect(config).toMatchObject({
    dtype: 'float32',
    id2label: { 0: 'a', 1: 'b' },
    label2id: { a: 0, b: 1 },
    hidden_size: 8,
  });
  for (const key of ['torch_dtype', 'problem_type', 'classifier_pooling', 'num_labels'])
    expect(config).not.toHaveProperty(key);
});

test('XLM-RoBERTa is published as such', () => {
  const family = familyNamed('roberta');
  const json = { ...hfRoberta, model_type: 'xlm-roberta' };
  const { config } = family.publish(json, family.parse(json, 'c'), jobOf({ task: 'token-classification' }), ['O']);
  expect(config).toMatchObject({ model_type: 'xlm-roberta', architectures: ['XLMRobertaForTokenClassification'] });
});

test.each([
  [{}, 3],
  [{ data: { multiLabel: true } }, 3],
  [{ train: { loss: { name: 'huber' } } }, 1],
  [{ train: { loss: { name: 'focal' } } }, 3],
  [{ task: 'token-classification' }, 3],
])('a job of %j has %i outputs for three labels', (keys, outputs) => {
  expect(outputsOf(jobOf(keys), ['a', 'b', 'c'])).toBe(outputs);
});
