import type { AugmentPlan } from '../../data/augment/plan.js';
import { augmentedTokens } from '../../data/augment/tokens.js';
import type { Lists } from '../../data/shards.js';
import { NO_TAG } from '../../data/shard-columns.js';
import type { FeedValues } from '../compile/program.js';
import type { Examples } from './examples.js';
import { tokenBucket } from './order.js';
import { gatherTargets, type RowTargets } from './row-targets.js';
import { bitsOf } from './step-draws.js';

/** What is learnt of tokenised examples: of each as a whole, or of their tokens. */
export type TokenTargets =
  | RowTargets
  /** As many as tokens, back to back; NO_TAG where none counts. */
  | { readonly kind: 'tags'; readonly tags: Int32Array }
  /** The token that follows each: an example of n tokens has n - 1 inputs. */
  | { readonly kind: 'next' };

export interface TokenRows {
  readonly tokens: Lists;
  /** As many as tokens: 0 for the first text, 1 for the second; null where the model is not told. */
  readonly types: Int32Array | null;
  readonly targets: TokenTargets;
  /** Longest input. */
  readonly maxLength: number;
  /** Of the training split, where the job augments. */
  readonly augment?: AugmentPlan | undefined;
}

/**
 * Inputs: `ids` int32 (rows, bucket), 0 in padding; `mask` float32 (rows, bucket), 1 for a token; `types` int32 (rows,
 * bucket) where there are any. Targets of whole examples: see gatherTargets. Of tokens: `labels` int32 (rows · bucket) and
 * `weights` float32 (rows · bucket), 0 where nothing is learnt.
 */
export function tokenExamples({ tokens, types, targets, maxLength, augment }: TokenRows): Examples {
  const { values, offsets } = tokens;
  const unused = targets.kind === 'next' ? 1 : 0; // the last token of a block is a target only
  const lengthOf = (example: number): number => offsets[example + 1]! - offsets[example]! - unused;

  function tokenTargets(examples: Int32Array, rows: number, bucket: number): Record<string, FeedValues> {
    if (targets.kind !== 'tags' && targets.kind !== 'next') return gatherTargets(targets, examples, rows);
    const labels = new Int32Array(rows * bucket);
    const weights = new Float32Array(rows * bucket);
    examples.forEach((example, row) => {
      const length = lengthOf(example);
      const start = offsets[example]!;
      if (targets.kind === 'next') {
        labels.set(values.subarray(start + 1, start + 1 + length), row * bucket);
        weights.fill(1, row * bucket, row * bucket + length);
        return;
      }
      for (let i = 0; i < length; i++) {
        const tag = targets.tags[start + i]!;
        if (tag === NO_TAG) continue;
        labels[row * bucket + i] = tag;
        weights[row * bucket + i] = 1;
      }
    });
    return { labels, weights };
  }

  return {
    count: offsets.length - 1,
    lengthOf,
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
        const start = offsets[example]!;
        const own = {
          ids: values.subarray(start, start + length),
          types: types && types.subarray(start, start + length),
        };
        const seen = augment && at ? augmentedTokens(own, augment.settings, augment.rules!, bitsOf(at, row)) : own;
        ids.set(seen.ids, row * bucket);
        mask.fill(1, row * bucket, row * bucket + seen.ids.length);
        typeIds?.set(seen.types!, row * bucket);
      });
      return { ids, mask, ...(typeIds ? { types: typeIds } : {}), ...tokenTargets(examples, rows, bucket) };
    },
  };
}
