import { DataError } from '../data-error.js';
import type { TokenizerFiles } from '../load-tokenizer.js';
import type { TokenRules } from './tokens.js';

type Named = string | { readonly content?: string } | null;

interface Files {
  readonly tokenizer: {
    readonly added_tokens?: readonly { readonly id: number; readonly content: string; readonly special?: boolean }[];
    readonly model?: { readonly vocab?: unknown; readonly unk_token?: string | null };
  };
  readonly config: Partial<Record<'mask_token' | 'unk_token' | 'eos_token', Named>>;
}

const USUAL_MASKS = ['[MASK]', '<mask>'];

/**
 * Which tokens stay, and what a masked one becomes: the tokenizer's mask; where it has none, its unknown token, then the one that
 * ends a text.
 * @throws DataError where it has none of the three.
 */
export function tokenRulesOf(files: TokenizerFiles): TokenRules {
  const { tokenizer, config } = files as Files;
  const added = tokenizer.added_tokens ?? [];
  const nameOf = (named: Named | undefined): string | undefined =>
    typeof named === 'string' ? named : (named?.content ?? undefined);
  const idOf = (name: string | undefined): number | undefined =>
    name === undefined
      ? undefined
      : (added.find(({ content }) => content === name)?.id ?? vocabularyId(tokenizer, name));
  const unknown = nameOf(config.unk_token) ?? tokenizer.model?.unk_token ?? undefined;
  const ends = nameOf(config.eos_token);
  const masks = [nameOf(config.mask_token), ...USUAL_MASKS, unknown, ends];
  const mask = masks.map(idOf).find((id) => id !== undefined);
  if (mask === undefined) {
    throw new DataError(
      'tokenizer.json: expected a token that masks, is unknown or ends a text (mask_token, unk_token or eos_token in tokenizer_config.json) for data.augment.masking, found none',
    );
  }
  // An unknown word is a word.
  const special = added.filter(({ special, content }) => special && (content !== unknown || content === ends));
  return { special: special.map(({ id }) => id), mask };
}

function vocabularyId({ model }: Files['tokenizer'], name: string): number | undefined {
  const { vocab } = model ?? {};
  if (Array.isArray(vocab)) {
    const at = (vocab as readonly (readonly [string, number])[]).findIndex(([piece]) => piece === name);
    return at === -1 ? undefined : at;
  }
  return (vocab as Record<string, number> | undefined)?.[name];
}
