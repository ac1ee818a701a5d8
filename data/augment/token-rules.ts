import { DataError } from '../data-error.js';
import type { TokenizerFiles } from '../load-tokenizer.js';

type Named = string | { readonly content?: string } | null;

interface Files {
  readonly tokenizer: {
    readonly added_tokens?: readonly { readonly id: number; readonly content: string; readonly special?: boolean }[];
    readonly model?: { readonly vocab?: unknown; readonly unk_token?: string | null; readonly unk_id?: number | null };
  };
  readonly config: Partial<Record<'mask_token' | 'unk_token' | 'eos_token', Named>>;
}

const USUAL_MASKS = ['[MASK]', '<mask>'];

/** What augmentation has to know of a tokenizer, without a table of synonyms. */
export interface TokenizerRules {
  readonly special: readonly number[];
  /** The tokenizer's mask; where it has none, its unknown token, then the one that ends a text; null where it has none of the three. */
  readonly mask: number | null;
  /** What a word becomes that it does not know. */
  readonly unknown: number | null;
}

export function tokenizerRules(files: TokenizerFiles): TokenizerRules {
  const { tokenizer, config } = files as Files;
  const added = tokenizer.added_tokens ?? [];
  const nameOf = (named: Named | undefined): string | undefined =>
    typeof named === 'string' ? named : (named?.content ?? undefined);
  const idOf = (name: string | undefined): number | undefined =>
    name === undefined
      ? undefined
      : (added.find(({ content }) => content === name)?.id ?? vocabularyId(tokenizer, name));
  const unknown = idOf(nameOf(config.unk_token) ?? tokenizer.model?.unk_token ?? undefined) ?? tokenizer.model?.unk_id;
  const ends = idOf(nameOf(config.eos_token));
  const masks = [nameOf(config.mask_token), ...USUAL_MASKS].map(idOf);
  const mask = [...masks, unknown, ends].find((id) => id !== undefined && id !== null);
  // An unknown word is a word.
  const special = added.filter(({ special, id }) => special && (id !== unknown || id === ends));
  return { special: special.map(({ id }) => id), mask: mask ?? null, unknown: unknown ?? null };
}

export const noMask = (): DataError =>
  new DataError(
    'tokenizer.json: expected a token that masks, is unknown or ends a text (mask_token, unk_token or eos_token in tokenizer_config.json) for data.augment.masking, found none',
  );

function vocabularyId({ model }: Files['tokenizer'], name: string): number | undefined {
  const { vocab } = model ?? {};
  if (Array.isArray(vocab)) {
    const at = (vocab as readonly (readonly [string, number])[]).findIndex(([piece]) => piece === name);
    return at === -1 ? undefined : at;
  }
  return (vocab as Record<string, number> | undefined)?.[name];
}
