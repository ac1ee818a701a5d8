import { describe, expect, test } from 'vitest';
import { parseBertConfig } from '../support/bert.js';
import { ModelError } from '../../models/model-error.js';

const tiny = {
  model_type: 'bert',
  vocab_size: 100,
  hidden_size: 8,
  num_hidden_layers: 2,
  num_attention_heads: 2,
  intermediate_size: 16,
};
const parse = (changes: object) => parseBertConfig(JSON.stringify({ ...tiny, ...changes }));

test('what config.json leaves out is as Hugging Face has it', () => {
  expect(parse({ unknown_key: 1 })).toEqual({
    vocabSize: 100,
    hiddenSize: 8,
    layers: 2,
    heads: 2,
    intermediateSize: 16,
    hiddenDropout: 0.1,
    attentionDropout: 0.1,
    maxPositions: 512,
    firstPosition: 0,
    typeVocabSize: 2,
    layerNormEps: 1e-12,
    initializerRange: 0.02,
    padTokenId: 0,
  });
});

describe('a configuration is refused, by name of the key,', () => {
  test.each([
    [{ model_type: 'roberta' }, 'model_type: expected bert, found "roberta"'],
    [{ hidden_act: 'gelu_new' }, 'hidden_act: expected gelu, found "gelu_new"'],
    [{ position_embedding_type: 'relative_key' }, 'position_embedding_type: expected absolute, found "relative_key"'],
    [{ hidden_size: '8' }, 'hidden_size: expected a whole number above 0, found "8"'],
    [{ vocab_size: undefined }, 'vocab_size: expected a whole number above 0, found none'],
    [{ hidden_dropout_prob: 1 }, 'hidden_dropout_prob: expected a number from 0 to below 1, found 1'],
    [{ num_attention_heads: 3 }, 'expected num_attention_heads to divide hidden_size, found 3 and 8'],
    [{ is_decoder: true }, 'is_decoder: expected false, found true'],
  ])('%j', (changes, message) => {
    expect(() => parse(changes)).toThrow(message);
    expect(() => parse(changes)).toThrow(ModelError);
  });

  test('and so is a file that is not JSON', () => {
    expect(() => parseBertConfig('{', 'm/config.json')).toThrow(/^m\/config.json: not valid JSON: /);
    expect(() => parseBertConfig('[]', 'm/config.json')).toThrow('m/config.json: expected a JSON object');
  });
});
