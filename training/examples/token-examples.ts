import type { AugmentPlan } from '../../data/augment/plan.js';
import { augmentedTokens } from '../../data/augment/tokens.js';
import { NO_TAG } from '../../data/shard-columns.js';
import type { Lists } from '../../data/shards.js';
import type { FeedValues } from '../compile/program.js';
import type { Examples } from './examples.js';
import { tokenBucket } from './order.js';
import { bitsOf } from './row-draws.js';
import { classesOfTargets, gatherTargets, type RowTargets } from './row-targets.js';
import { heldTokens, type TokenColumn } from './token-column.js';

/** What is learnt of tokenised examples: of each as a whole, or of their tokens. */
export type TokenTargets<Column = TokenColumn> =
  | RowTargets
  /** As many as tokens; NO_TAG where none counts. */
  | { readonly kind: 'tags'; readonly tags: Column }
  /** The token that follows each: an example of n tokens has n - 1 inputs. */
  | { readonly kind: 'next' };

export interface TokenRows {
  readonly tokens: TokenColumn;
  /** As many as tokens: 0 for the first text, 1 for the second; null where the model is not told. */
  readonly types: TokenColumn | null;
  readonly targets: TokenTargets;
  /** Longest input. */
  readonly maxLength: number;
  /** Of training rows, where the job augments. */
  readonly augment?: AugmentPlan | undefined;
}

/** The same in memory; types and tags back to back, as tokens are. */
export interface HeldTokenRows {
  readonly tokens: Lists;
  readonly types: Int32Array | null;
  readonly targets: TokenTargets<Int32Array>;
  readonly maxLength: number;
}

export function tokenExamples({ tokens, types, targets, maxLength }: HeldTokenRows): Examples {
  const column = (values: Int32Array): TokenColumn => heldTokens({ values, offsets: tokens.offsets });
  return storedTokenExamples({
    tokens: heldTokens(tokens),
    types: types === null ? null : column(types),
    targets: targets.kind === 'tags' ? { kind: 'tags', tags: column(targets.tags) } : targets,
    maxLength,
  });
}

/**
 * Inputs: `ids` int32 (rows, bucket), 0 in padding; `mask` float32 (rows, bucket), 1 for a token; `types` int32 (rows,
 * bucket) where there are any. Targets of whole examples: see gatherTargets. Of tokens: `labels` int32 (rows · bucket) and
 * `weights` float32 (rows · bucket), 0 where nothing is learnt.
 */
export function storedTokenExamples({ tokens, types, targets, maxLength, augment }: TokenRows): Examples {
  const unused = targets.kind === 'next' ? 1 : 0; // the last token of a block is a target only
  const lengthOf = (example: number): number => tokens.lengthOf(example) - unused;
  const read = (column: TokenColumn, example: number): Int32Array => {
    const values = new Int32Array(column.lengthOf(example));
    column.read(example, values);
    return values;
  };

  function tokenTargets(examples: Int32Array, rows: number, bucket: number): Record<string, FeedValues> {
    if (targets.kind !== 'tags' && targets.kind !== 'next') return gatherTargets(targets, examples, rows);
    const labels = new Int32Array(rows * bucket);
    const weights = new Float32Array(rows * bucket);
    examples.forEach((example, row) => {
      if (targets.kind === 'next') {
        const following = read(tokens, example).subarray(1);
        labels.set(following, row * bucket);
        weights.fill(1, row * bucket, row * bucket + following.length);
        return;
      }
      read(targets.tags, example).forEach((tag, i) => {
        if (tag === NO_TAG) return;
        labels[row * bucket + i] = tag;
        weights[row * bucket + i] = 1;
      });
    });
    return { labels, weights };
  }

  return {
    count: tokens.count,
    lengthOf,
    classes: classesOfTargets(targets),
    bucketFor: (length) => tokenBucket(length, maxLength),
    targets: tokenTargets,
    gather(examples, rows, bucket, at) {
      const ids = new Int32Array(rows * bucket);
      const mask = new Float32Array(rows * bucket);
      const typeIds = types === null ? null : new Int32Array(rows * bucket);
      examples.forEach((example, row) => {
        const length = lengthOf(example);
        if (length > bucket)
          throw new RangeError(`example ${example} has ${length} tokens, the batch room for ${bucket}`);
        const start = row * bucket;
        if (augment && at) {
          const own = { ids: read(tokens, example), types: types && read(types, example) };
          const seen = augmentedTokens(own, augment.settings, augment.rules!, bitsOf(at, example, row), bucket);
          ids.set(seen.ids, start);
          mask.fill(1, start, start + seen.ids.length);
          if (seen.types) typeIds!.set(seen.types, start);
          return;
        }
        if (unused === 0) tokens.read(example, ids.subarray(start, start + length));
        else ids.set(read(tokens, example).subarray(0, length), start);
        mask.fill(1, start, start + length);
        if (typeIds) typeIds.set(read(types!, example).subarray(0, length), start);
      });
      return { ids, mask, ...(typeIds ? { types: typeIds } : {}), ...tokenTargets(examples, rows, bucket) };
    },
  };
}
