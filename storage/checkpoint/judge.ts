/**
 * Rule 2, as a pure function: what a committer does about the records that took the numbers after its parent's.
 *
 * Tombstones tell what stood there. A quarantine record and a record of another lineage only take their number: a state
 * of another lineage is no state of ours, whichever step it is.
 */
import { Diverged } from '../errors.js';
import { checkpointKey } from '../layout.js';
import { isOfLine, type Line } from './line.js';
import type { Position, RunId, Sha256 } from '../../workflows/contract.js';
import type { CheckpointRecord, Manifest } from './manifest.js';

export interface OurState {
  readonly run: RunId;
  readonly position: Position;
  readonly lineage: Sha256;
  readonly line?: Line | undefined;
  readonly stateDigest: Sha256;
  readonly strict: boolean;
  /** Where our bytes are, for the report of a divergence. */
  readonly files: readonly string[];
}

export type Verdict =
  | { readonly kind: 'take'; readonly sequence: number }
  /** The state is committed already: that was us, or an equal twin. */
  | { readonly kind: 'already-there'; readonly winner: Manifest }
  /** Same step, other bits, and the run allows it: go on from theirs. */
  | { readonly kind: 'adopted'; readonly winner: Manifest }
  /** Somebody is further than we are: go on from theirs. */
  | { readonly kind: 'rewind'; readonly winner: Manifest };

/**
 * `newer`: all records from `first` on, ascending. `condemned`: those that their uploader may void at any moment, or may have been
 * told are durable: a state of our own is at hand, so they only take their number. Throws Diverged.
 */
export function judge(
  ours: OurState,
  first: number,
  newer: readonly CheckpointRecord[],
  condemned: ReadonlySet<number> = new Set(),
): Verdict {
  const { step } = ours.position;
  let winner: Manifest | null = null;
  let atOurStep: Manifest | null = null;
  for (const record of newer) {
    const theirs = record.kind === 'tombstone' ? record.was : record.kind === 'manifest' ? record : null;
    if (theirs === null || !isOfLine(ours.line ?? ours.lineage, theirs)) continue;
    if (theirs.step === step && theirs.stateDigest !== ours.stateDigest && ours.strict)
      throw new Diverged({
        step,
        ours: ours.stateDigest,
        theirs: theirs.stateDigest,
        theirKey: checkpointKey(ours.run, theirs.sequence),
        ourKeys: ours.files,
      });
    if (record.kind !== 'manifest' || condemned.has(record.sequence)) continue;
    // The furthest, not the last: who has not heard of an adjustment commits a state of before it after states of after it.
    if (winner === null || record.step >= winner.step) winner = record;
    if (record.step === step && atOurStep?.stateDigest !== ours.stateDigest) atOurStep = record;
  }
  if (atOurStep)
    return { kind: atOurStep.stateDigest === ours.stateDigest ? 'already-there' : 'adopted', winner: atOurStep };
  if (winner && winner.step > step) return { kind: 'rewind', winner };
  return { kind: 'take', sequence: Math.max(first, (newer.at(-1)?.sequence ?? 0) + 1) };
}
