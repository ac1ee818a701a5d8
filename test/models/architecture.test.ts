import { describe, expect, test } from 'vitest';
import { architectureError, checkArchitecture } from '../../models/architecture-check.js';
import { parseBertConfig } from '../support/bert.js';
import { bertTensors, headTensors, mapBertNames } from '../support/bert.js';

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
const expected = bertTensors(config);

describe('the layout of a BERT encoder', () => {
  test('has five tensors of embeddings and sixteen a layer, each name once', () => {
    expect(expected).toHaveLength(5 + 2 * 16);
    expect(new Set(expected.map(({ name }) => name)).size).toBe(expected.length);
  });

  test('has linear weights as (out, in)', () => {
    const shapes = new Map([...expected, ...headTensors(config, 3)].map(({ name, shape }) => [name, shape]));
    expect(shapes.get('encoder.layer.1.intermediate.dense.weight')).toEqual([16, 8]);
    expect(shapes.get('encoder.layer.1.output.dense.weight')).toEqual([8, 16]);
    expect(shapes.get('head.weight')).toEqual([3, 8]);
    expect(shapes.get('head.bias')).toEqual([3]);
  });
});

describe('names in a file', () => {
  test('may have the prefix bert., and LayerNorm its old names', () => {
    const { inFile } = mapBertNames(['bert.embeddings.LayerNorm.gamma', 'bert.embeddings.LayerNorm.beta', 'encoder.x']);
    expect([...inFile]).toEqual([
      ['embeddings.LayerNorm.weight', 'bert.embeddings.LayerNorm.gamma'],
      ['embeddings.LayerNorm.bias', 'bert.embeddings.LayerNorm.beta'],
      ['encoder.x', 'encoder.x'],
    ]);
  });

  test('of poolers, other heads and position ids are ignored, and listed', () => {
    const unused = [
      'bert.embeddings.position_ids',
      'bert.pooler.dense.weight',
      'classifier.bias',
      'cls.predictions.bias',
    ];
    expect(mapBertNames([...unused].reverse())).toEqual({ inFile: new Map(), ignored: unused });
  });

  test('that say the same tensor twice are not silently merged', () => {
    const { inFile } = mapBertNames(['embeddings.a', 'bert.embeddings.a']);
    expect(inFile.size).toBe(2);
  });
});

describe('the check of an architecture', () => {
  test('passes the tensors that the configuration implies, in any order', () => {
    expect(checkArchitecture([...expected].reverse(), expected)).toEqual({
      ok: true,
      missing: [],
      unexpected: [],
      misshapen: [],
    });
  });

  test('lists every difference side by side', () => {
    const found = expected
      .filter(({ name }) => name !== 'encoder.layer.0.output.dense.bias')
      .map(({ name, shape }) =>
        name === 'embeddings.word_embeddings.weight' ? { name, shape: [99, 8] } : { name, shape },
      );
    const check = checkArchitecture([...found, { name: 'encoder.layer.2.output.dense.bias', shape: [8] }], expected);
    expect(check.ok).toBe(false);
    expect(architectureError(check, 'm/model.safetensors').message.split('\n')).toEqual([
      'm/model.safetensors: 3 tensors differ from what config.json beside it says; use the weights and the config.json of one model:',
      '  tensor                             expected        found',
      '  encoder.layer.0.output.dense.bias  [8]             missing',
      '  embeddings.word_embeddings.weight  [100, 8]        [99, 8]',
      '  encoder.layer.2.output.dense.bias  no such tensor  [8]',
    ]);
  });
});
