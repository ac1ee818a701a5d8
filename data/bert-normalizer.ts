/**
 * The text normalisation of BERT tokenizers, as Hugging Face's Rust library does it. @huggingface/tokenizers 0.2.0
 * differs from it for Chinese characters beyond the basic plane, for a final sigma and for some control characters;
 * test/data/tokenize.test.ts compares the two over every code point.
 */
export interface BertNormalizerConfig {
  readonly clean_text?: boolean;
  readonly handle_chinese_chars?: boolean;
  readonly strip_accents?: boolean | null;
  readonly lowercase?: boolean;
}

/** A normaliser of texts for the `normalizer` section (type BertNormalizer) of a tokenizer.json. */
export function bertNormalizer(config: BertNormalizerConfig): (text: string) => string {
  const lowercase = config.lowercase ?? true;
  const stripAccents = config.strip_accents ?? lowercase;
  return (text) => {
    if (config.clean_text ?? true) text = text.replace(dropped, '').replace(whitespace, ' ');
    if (isAscii.test(text)) return lowercase ? text.toLowerCase() : text;
    if (config.handle_chinese_chars ?? true) text = text.replace(chinese, ' $& ');
    if (stripAccents) text = text.normalize('NFD').replace(/\p{Mn}/gu, '');
    // Letter by letter: the sigma at the end of a word becomes σ, not ς.
    return lowercase ? Array.from(text, (char) => char.toLowerCase()).join('') : text;
  };
}

const isAscii = /^[\x00-\x7f]*$/; // eslint-disable-line no-control-regex
const dropped = /(?![\t\n\r])[\p{Cc}\p{Cf}\p{Co}\p{Cs}\ufffd]/gu;
const whitespace = /\p{White_Space}/gu;
const chinese =
  /[\u4e00-\u9fff\u3400-\u4dbf\u{20000}-\u{2a6df}\u{2a700}-\u{2b73f}\u{2b740}-\u{2b81f}\u{2b920}-\u{2ceaf}\uf900-\ufaff\u{2f800}-\u{2fa1f}]/gu;
