import { parseObject } from './config-file.js';
import { bert } from './families/bert.js';
import type { EncoderConfig } from './families/encoder-layout.js';

export type BertConfig = EncoderConfig;

/** @throws ModelError naming the key, what was expected and what was found. */
export const parseBertConfig = (text: string, fileName = 'config.json'): BertConfig =>
  bert.parse(parseObject(text, fileName), fileName);
