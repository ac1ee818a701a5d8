/**
 * The text rules of BERT tokenizers, as Hugging Face's Rust library has them. @huggingface/tokenizers 0.2.0 differs from
 * it for Chinese characters beyond the basic plane, for a final sigma, for some control characters and for characters
 * that are younger than its tables; test/data/tokenize.test.ts compares with ids that the Rust library made.
 */
import { formerMarks, formerPunctuation, laterFormatting, laterMarks, laterPunctuation } from './later-unicode.js';

/** The `normalizer` section of a tokenizer.json whose type is BertNormalizer. */
export interface BertNormalizerConfig {
  readonly clean_text?: boolean;
  readonly handle_chinese_chars?: boolean;
  readonly strip_accents?: boolean | null;
  readonly lowercase?: boolean;
}

/** Cleans a text, sets Chinese characters apart, strips accents and lowers case, each if the configuration says so. */
export function bertNormalizer(config: BertNormalizerConfig): (text: string) => string {
  const lowercase = config.lowercase ?? true;
  const stripAccents = config.strip_accents ?? lowercase;
  return (text) => {
    if (isPlain.test(text)) return lowercase ? text.toLowerCase() : text;
    if (config.clean_text ?? true) text = text.replace(dropped, '').replace(whitespace, ' ');
    if (isAscii.test(text)) return lowercase ? text.toLowerCase() : text;
    if (config.handle_chinese_chars ?? true) text = text.replace(chinese, ' $& ');
    if (stripAccents) text = text.replace(settled, (part) => part.normalize('NFD').replace(marks, ''));
    // Letter by letter: the sigma at the end of a word becomes σ, not ς.
    return lowercase ? Array.from(text, (char) => char.toLowerCase()).join('') : text;
  };
}

/** Cuts a normalised text into words, and every punctuation mark into a word of its own. */
export const bertWords = (text: string): string[] => text.match(isPlain.test(text) ? plainWords : words) ?? [];

/** Nothing but ASCII that shows, and blanks: most texts in English. */
const isPlain = /^[ -~]*$/;
const plainWords = /[!-/:-@[-`{-~]|[0-9A-Za-z]+/g;
const isAscii = /^[\x00-\x7f]*$/; // eslint-disable-line no-control-regex
const dropped = new RegExp(`(?![\\t\\n\\r${laterFormatting}])[\\p{Cc}\\p{Cf}\\p{Co}\\p{Cs}\\ufffd]`, 'gu');
const whitespace = /\p{White_Space}/gu;
const chinese =
  /[\u4e00-\u9fff\u3400-\u4dbf\u{20000}-\u{2a6df}\u{2a700}-\u{2b73f}\u{2b740}-\u{2b81f}\u{2b920}-\u{2ceaf}\uf900-\ufaff\u{2f800}-\u{2fa1f}]/gu;
const settled = new RegExp(`[^${laterMarks}]+`, 'gu');
const marks = new RegExp(`[\\p{Mn}${formerMarks}]`, 'gu');
/** ASCII symbols such as $ and + count as punctuation. */
const mark = `(?![${laterPunctuation}])[\\p{P}${formerPunctuation}!-/:-@\\[-\`{-~]`;
const words = new RegExp(`${mark}|(?:(?!${mark})\\P{White_Space})+`, 'gu');
