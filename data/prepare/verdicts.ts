/** What is decided of each row, one byte a row: the split that it goes to, or why it is left out. */
import { splits } from '../split.js';

export const dropReasons = [
  'empty',
  'duplicate',
  'contradiction',
  'unreadable',
  'near-duplicate',
  'short',
  'long',
  'small',
  'gap',
  'outlier',
] as const;
export type DropReason = (typeof dropReasons)[number];

/** Bytes from here on are reasons; those below are indices into `splits`. */
const FIRST_REASON = 128;

/** Of a row that stays, until its split is decided. */
export const UNDECIDED = splits.length;

export const droppedFor = (reason: DropReason): number => FIRST_REASON + dropReasons.indexOf(reason);

export const isKept = (verdict: number): boolean => verdict < FIRST_REASON;

/** Rows left out, by reason. */
export function countDropped(verdicts: Uint8Array): Record<DropReason, number> {
  const counts = new Float64Array(256);
  for (const verdict of verdicts) counts[verdict]!++;
  return Object.fromEntries(dropReasons.map((reason) => [reason, counts[droppedFor(reason)]!])) as Record<
    DropReason,
    number
  >;
}
