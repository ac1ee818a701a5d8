import { Draws, sites, type Bits } from './draws.js';
import type { AugmentSettings } from './image-augmenter.js';
import { withSynonyms, type SynonymRules } from './synonyms.js';
import type { TokenRow } from './token-row.js';

/** What of a tokenizer augmentation has to know. */
export interface TokenRules {
  /** Ids that stay where they are: [CLS], [SEP] and their like. */
  readonly special: readonly number[];
  /** What a masked token becomes; null where the tokenizer has nothing for it. */
  readonly mask: number | null;
  /** Where the job has a table of them. */
  readonly synonyms?: SynonymRules | undefined;
}

/** A row of tokens after the job's augmentations, of at most `room` tokens: only synonyms make it longer. */
export function augmentedTokens(
  row: TokenRow,
  settings: AugmentSettings,
  rules: TokenRules,
  bits: Bits,
  room = row.ids.length,
): TokenRow {
  const { synonyms, tokenSwap, tokenDropout, masking } = settings;
  const special = new Set(rules.special);
  let result = row;
  if (synonyms) {
    if (!rules.synonyms) throw new Error('data.augment.synonyms: the table was not read');
    const known = { p: synonyms.p, rules: rules.synonyms, special, room };
    result = withSynonyms(result, known, new Draws(bits, sites.synonyms));
  }
  if (tokenSwap) result = swapped(result, tokenSwap.p, special, new Draws(bits, sites.tokenSwap));
  if (tokenDropout) result = thinned(result, tokenDropout.p, special, new Draws(bits, sites.tokenDropout));
  if (masking) {
    result = { ...result, ids: masked(result.ids, masking.p, rules.mask!, special, new Draws(bits, sites.masking)) };
  }
  return result;
}

/** Neighbours change places in the share `p` of the cases; a token moves by one place at most (after Wei and Zou, 2019, "EDA"). */
function swapped({ ids, types }: TokenRow, p: number, special: ReadonlySet<number>, draws: Draws): TokenRow {
  const result = ids.slice();
  for (let i = 0; i + 1 < result.length; i++) {
    const [one, other] = [result[i]!, result[i + 1]!];
    const apart = special.has(one) || special.has(other) || (types !== null && types[i] !== types[i + 1]);
    if (apart || !draws.chance(p)) continue;
    result[i] = other;
    result[++i] = one;
  }
  return { ids: result, types };
}

/** Each token is left out in the share `p` of the cases (random deletion of Wei and Zou, 2019, "EDA"); one of a row always stays. */
function thinned({ ids, types }: TokenRow, p: number, special: ReadonlySet<number>, draws: Draws): TokenRow {
  const [kept, left]: [number[], number[]] = [[], []];
  let words = 0;
  ids.forEach((id, i) => {
    const stays = special.has(id);
    if (!stays && draws.chance(p)) {
      left.push(i);
      return;
    }
    kept.push(i);
    if (!stays) words++;
  });
  if (left.length === 0) return { ids, types };
  if (words === 0) {
    kept.push(left[draws.below(left.length)]!);
    kept.sort((a, b) => a - b);
  }
  return {
    ids: Int32Array.from(kept, (i) => ids[i]!),
    types: types && Int32Array.from(kept, (i) => types[i]!),
  };
}

/** Each token becomes the mask in the share `p` of the cases: what is left has to say the same. */
function masked(ids: Int32Array, p: number, mask: number, special: ReadonlySet<number>, draws: Draws): Int32Array {
  return ids.map((id) => (!special.has(id) && draws.chance(p) ? mask : id));
}
