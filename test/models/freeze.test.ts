import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseBertConfig } from '../../models/bert-config.js';
import { bertTensors, headTensors } from '../../models/bert-layout.js';
import { resolveFreeze } from '../../models/freeze.js';
import { ModelError } from '../../models/model-error.js';

const config = parseBertConfig(
  JSON.stringify({
    model_type: 'bert',
    vocab_size: 100,
    hidden_size: 8,
    num_hidden_layers: 2,
    num_attention_heads: 2,
    intermediate_size: 16,
  }),
);
const tensors = [...bertTensors(config), ...headTensors(config, 3)];
const resolve = (freeze: Parameters<typeof resolveFreeze>[0]) => resolveFreeze(freeze, tensors);

test('none: everything trains', () => {
  const plan = resolve('none');
  expect(plan.frozen).toEqual([]);
  expect(plan.trainableParameters).toBe(100 * 8 + 512 * 8 + 2 * 8 + 16 + 2 * (4 * 72 + 144 + 136 + 32) + 27);
});

test('all: only the head trains', () => {
  expect(resolve('all')).toMatchObject({ trainable: ['head.bias', 'head.weight'], trainableParameters: 27 });
});

test('train: patterns match from the start of a name', () => {
  const { trainable } = resolve({ train: ['head', 'encoder.layer.[1]'] });
  expect(trainable).toHaveLength(18);
  expect(trainable.every((name) => /^(head|encoder\.layer\.1)\./.test(name))).toBe(true);
  expect(() => resolve({ train: ['layer'] })).toThrow(ModelError);
});

test('an alternative in a pattern is anchored too', () => {
  expect(resolve({ train: ['head|embeddings'] }).trainable).toHaveLength(7);
  expect(() => resolve({ train: ['nothing|word_embeddings'] })).toThrow('matches the start of no tensor name');
});

test('freeze: is the complement of train:', () => {
  const patterns = ['embeddings', 'encoder.layer.0'];
  expect(resolve({ freeze: patterns }).trainable).toEqual(resolve({ train: patterns }).frozen);
});

test('every tensor either trains or is frozen, whatever the patterns', () => {
  const prefix = fc.constantFrom('embeddings', 'encoder', 'encoder.layer.0', 'head', '.*bias', 'encoder.*LayerNorm');
  fc.assert(
    fc.property(fc.array(prefix, { minLength: 1, maxLength: 4 }), (train) => {
      const plan = resolve({ train });
      expect([...plan.trainable, ...plan.frozen].sort()).toEqual(tensors.map(({ name }) => name).sort());
      expect(plan.trainableParameters + plan.frozenParameters).toBe(resolve('none').trainableParameters);
    }),
  );
});

test('the digest is of the sorted names, and does not depend on the order of the tensors', () => {
  const expected = createHash('sha256').update('head.bias\nhead.weight\n').digest('hex');
  expect(resolve('all').digest).toBe(expected);
  expect(resolveFreeze('all', [...tensors].reverse()).digest).toBe(expected);
});

describe('a user error:', () => {
  test.each([
    [
      { train: ['encoder.layers.1'] },
      'freeze.train[0]: the pattern "encoder.layers.1" matches the start of no tensor name; did you mean `encoder.layer.1`?',
    ],
    [
      { train: ['head', 'classifier.dense'] },
      'freeze.train[1]: the pattern "classifier.dense" matches the start of no tensor name; names begin with `embeddings`, `encoder` or `head`',
    ],
    [{ freeze: ['.*'] }, 'freeze: every tensor is frozen, expected at least one to train'],
  ])('%j', (freeze, message) => {
    expect(() => resolve(freeze)).toThrow(message);
    expect(() => resolve(freeze)).toThrow(ModelError);
  });
});
