import { describe, expect, test } from 'vitest';
import { familyNamed } from '../../models/families/index.js';
import { checkJobFitsModel, layoutFor } from '../../models/job-fit.js';
import { ModelError } from '../../models/model-error.js';
import { jobOf } from './job-of.js';

const family = familyNamed('roberta');
const json = {
  ...{ model_type: 'roberta', vocab_size: 100, hidden_size: 8, num_hidden_layers: 2, num_attention_heads: 2 },
  ...{ intermediate_size: 16, max_position_embeddings: 66, type_vocab_size: 1, pad_token_id: 1 },
};
const model = { family, config: family.parse(json, 'config.json') };

test('a job fits up to the positions that the model has for tokens', () => {
  expect(checkJobFitsModel(jobOf({ data: { maxLength: 64 } }), model, 3).frozen).toEqual([]);
  expect(() => checkJobFitsModel(jobOf({ data: { maxLength: 65 } }), model)).toThrow(
    'data.maxLength: expected at most 64 (positions of the model), found 65',
  );
});

test('a task that the family cannot do is refused with those it can', () => {
  expect(() => checkJobFitsModel(jobOf({ task: 'causal-lm' }), model)).toThrow(
    'task: expected `text-classification` or `token-classification` of a roberta model, found `causal-lm`',
  );
});

test("a job's epochs and the family's blocks decide on gradual unfreezing", () => {
  const job = jobOf({ freeze: { gradual: {} }, train: { epochs: 3 } });
  const { phases, trainable } = layoutFor(job, model, 3);
  expect(phases.map((phase) => phase.trainable.length)).toEqual([2, 18, 34]);
  expect(trainable).toHaveLength(34);
});

describe('lora', () => {
  const lora = (targets?: string[], freeze?: unknown) =>
    layoutFor(jobOf({ lora: { rank: 4, ...(targets && { targets }) }, ...(freeze ? { freeze } : {}) }), model, 3);

  test('adapts query and value unless it is told otherwise, and freezes the base', () => {
    const { adapters, frozen, trainable, frozenParameters, trainableParameters } = lora();
    expect(adapters.map(({ tensor }) => tensor.replace('encoder.layer.', ''))).toEqual([
      '0.attention.self.query.weight',
      '0.attention.self.value.weight',
      '1.attention.self.query.weight',
      '1.attention.self.value.weight',
    ]);
    expect(adapters[0]).toMatchObject({ a: { shape: [4, 8] }, b: { shape: [8, 4] } });
    expect(trainable).toHaveLength(8 + 2);
    expect(trainableParameters).toBe(4 * 2 * 32 + 27);
    expect(frozen).toHaveLength(37);
    expect(frozenParameters).toBe(100 * 8 + 66 * 8 + 8 + 16 + 2 * (4 * 72 + 144 + 136 + 32));
  });

  test('has adapters as wide and as high as their matrices', () => {
    const { adapters } = lora(['encoder.layer.1.intermediate']);
    expect(adapters).toEqual([
      {
        tensor: 'encoder.layer.1.intermediate.dense.weight',
        a: { name: 'lora.A/encoder.layer.1.intermediate.dense.weight', shape: [4, 8] },
        b: { name: 'lora.B/encoder.layer.1.intermediate.dense.weight', shape: [16, 4] },
      },
    ]);
  });

  test.each([
    [
      ['encoder.layer.0.attention.self.querry'],
      'lora.targets[0]: the pattern "encoder.layer.0.attention.self.querry" matches the start of no matrix name; did you mean `encoder.layer.0.attention.self.query`?',
    ],
    [['.*key', '.*bias'], 'lora.targets[1]: the pattern ".*bias" matches the start of no matrix name'],
    [['head'], 'lora.targets[0]: the pattern "head" matches the start of no matrix name'],
  ])('refuses %j', (targets, message) => {
    expect(() => lora(targets)).toThrow(message);
    expect(() => lora(targets)).toThrow(ModelError);
  });

  test('refuses a freeze of its own', () => {
    expect(() => lora(undefined, { lastBlocks: 1 })).toThrow('freeze: expected none beside `lora`');
    expect(lora(undefined, 'all').adapters).toHaveLength(4);
  });
});
