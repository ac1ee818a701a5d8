/** The pre-tokenizer of byte-level BPE (GPT-2, RoBERTa), in two steps: where a text is cut, and how a piece is spelt. */

export interface ByteLevelPieces {
  /** Pieces of a text, as they stand in it. */
  cut(text: string): readonly string[];
  /** The UTF-8 bytes of a piece, each as the character that stands for it in the vocabulary. */
  asBytes(piece: string): string;
}

interface ByteLevelRule {
  readonly type?: string;
  readonly add_prefix_space?: boolean;
  readonly use_regex?: boolean;
}

/** Null for any other rule, a sequence of rules included. */
export function byteLevelPieces(rule: ByteLevelRule | null): ByteLevelPieces | null {
  if (rule?.type !== 'ByteLevel' || rule.use_regex === false) return null;
  const prefix = rule.add_prefix_space ?? false;
  return {
    cut: (text) => (prefix && !text.startsWith(' ') ? ` ${text}` : text).match(pieces) ?? [],
    asBytes: (piece) => Array.from(encoder.encode(piece), (byte) => spelling[byte]).join(''),
  };
}

const encoder = new TextEncoder();
/** GPT-2's (https://github.com/openai/gpt-2/blob/master/src/encoder.py). */
const pieces = /'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+/gu;

/** Printable bytes of Latin-1 stand for themselves, the others for the characters from U+0100 on, in their order. */
const spelling: readonly string[] = (() => {
  const printable = (byte: number) => (byte >= 33 && byte <= 126) || (byte >= 161 && byte !== 173);
  let next = 256;
  return Array.from({ length: 256 }, (_, byte) => String.fromCharCode(printable(byte) ? byte : next++));
})();

/** What a token of the vocabulary stands for; U+FFFD where it is part of a character only. */
export const tokenText = (token: string): string =>
  decoder.decode(
    Uint8Array.from(Array.from(token, (letter) => byteOf.get(letter)).filter((byte) => byte !== undefined)),
  );

const decoder = new TextDecoder();
const byteOf: ReadonlyMap<string, number> = new Map(spelling.map((letter, byte) => [letter, byte]));
