/**
 * What can go wrong with the object store, grouped by the caller's next move:
 *
 * - `unreachable`: wait and try again (network, time-outs, 5xx, 429, credentials that have expired or cannot be had, a bucket that is full). It
 *   says nothing about what is stored.
 * - `conflict`: another request was in the way (409). Try again at once.
 * - `precondition`: the object is not what the request assumed (412). Read back: it may be our own success, retried.
 * - `missing`: the store answered that there is no such object.
 * - `denied`: the store refuses us: credentials, rights, bucket, region, clock. A person must act.
 * - `corrupt`: the bytes are not what their digest says. Fall back to another copy; a person should look.
 * - `aborted`: the caller's own signal. What was under way may or may not have happened.
 */
export type StoreErrorKind = 'unreachable' | 'conflict' | 'precondition' | 'missing' | 'denied' | 'corrupt' | 'aborted';

/** The message is one plain sentence for the user and never holds a secret; the SDK's error is not kept for that reason. */
export class StoreError extends Error {
  constructor(
    readonly kind: StoreErrorKind,
    message: string,
    /** The store's or the system's own word for it: `SlowDown`, `ECONNREFUSED`. */
    readonly code: string | null = null,
  ) {
    super(message);
    this.name = 'StoreError';
  }
}

export const isStoreError = (error: unknown, ...kinds: readonly StoreErrorKind[]): error is StoreError =>
  error instanceof StoreError && (kinds.length === 0 || kinds.includes(error.kind));

export const corrupt = (message: string): StoreError => new StoreError('corrupt', message);

/** Two runs of the same steps on the same kind of machine gave different bits: a defect. Retrying cannot help. */
export class Diverged extends Error {
  constructor(
    readonly found: { step: number; ours: string; theirs: string; theirKey: string; ourKeys: readonly string[] },
  ) {
    super(
      `the run diverged at step ${found.step}: this state has digest ${found.ours} (${found.ourKeys.join(', ')}), ` +
        `but ${found.theirKey} of the same lineage and step holds ${found.theirs}. ` +
        `Equal inputs gave different bits; keep both and report it, or run with \`exactness: compatible\`.`,
    );
    this.name = 'Diverged';
  }
}
