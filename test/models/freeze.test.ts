import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseBertConfig } from '../../models/bert-config.js';
import { bertTensors, headTensors } from '../../models/bert-layout.js';
import { encoderBlockOf } from '../../models/families/encoder-layout.js';
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

const blocks = { count: 2, blockOf: (name: string) => encoderBlockOf(name, config), epochs: 10 };
const trainableOf = (freeze: Parameters<typeof resolveFreeze>[0]) => resolveFreeze(freeze, tensors, blocks).trainable;

test('lastBlocks: the head and so many blocks before it train, and what follows the last block', () => {
  expect(trainableOf({ lastBlocks: 1 })).toEqual(trainableOf({ train: ['head', 'encoder.layer.1'] }));
  expect(trainableOf({ lastBlocks: 2 })).toEqual(trainableOf({ freeze: ['embeddings'] }));
  const after = [...tensors, { name: 'pooler.dense.weight', shape: [8, 8] }];
  expect(resolveFreeze({ lastBlocks: 1 }, after, blocks).trainable).toContain('pooler.dense.weight');
  expect(() => trainableOf({ lastBlocks: 3 })).toThrow(
    'freeze.lastBlocks: expected at most 2 (blocks of the model), found 3',
  );
  expect(() => resolve({ lastBlocks: 1 })).toThrow(
    'freeze.lastBlocks: expected none: the model has no blocks, found 1',
  );
});

test('gradual: the head, then one more block at a time, at last the embeddings', () => {
  const plan = resolveFreeze({ gradual: { everyEpochs: 2 } }, tensors, blocks);
  expect(plan.phases).toEqual([
    { fromEpoch: 0, trainable: trainableOf('all') },
    { fromEpoch: 2, trainable: trainableOf({ lastBlocks: 1 }) },
    { fromEpoch: 4, trainable: trainableOf({ lastBlocks: 2 }) },
    { fromEpoch: 6, trainable: trainableOf('none') },
  ]);
  expect(plan).toMatchObject({ trainable: trainableOf('none'), frozen: [] });
});

test('gradual: what never gets its turn in the epochs of the run is frozen', () => {
  const plan = resolveFreeze({ gradual: { everyEpochs: 2 } }, tensors, { ...blocks, epochs: 4 });
  expect(plan.phases.map(({ fromEpoch }) => fromEpoch)).toEqual([0, 2]);
  expect(plan.trainable).toEqual(trainableOf({ lastBlocks: 1 }));
  expect(plan.digest).toBe(resolveFreeze({ lastBlocks: 1 }, tensors, blocks).digest);
});

test('all other forms have one phase', () => {
  for (const freeze of ['none', 'all', { lastBlocks: 1 }, { train: ['head'] }] as const) {
    const plan = resolveFreeze(freeze as never, tensors, blocks);
    expect(plan.phases).toEqual([{ fromEpoch: 0, trainable: plan.trainable }]);
  }
});

test('statistics neither train nor count as frozen, whatever the patterns', () => {
  const statistic = { name: 'bn.running_mean', shape: [8], kind: 'statistic' as const };
  for (const freeze of ['none', { train: ['head', 'bn'] }, { freeze: ['embeddings'] }] as const) {
    const gain = { name: 'bn.weight', shape: [8] };
    const plan = resolveFreeze(freeze as never, [...tensors, gain, statistic], blocks);
    expect(plan.statistics).toEqual(['bn.running_mean']);
    expect(plan.trainable).toContain('bn.weight');
    expect([...plan.trainable, ...plan.frozen]).not.toContain('bn.running_mean');
  }
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
