import { expect, test } from 'vitest';
import { openTokenizer } from '../../data/tokenize.js';
import { expected, tinyGpt2 } from '../support/tiny-gpt2.js';

test('byte-level BPE gives the token ids of Hugging Face', async () => {
  const tokenizer = await openTokenizer(tinyGpt2, 64);
  for (const { text, ids } of expected.tokenized) expect([...tokenizer.encode(text)], text).toEqual(ids);
});
