import type { ColumnProfile } from './column-profile.js';
import type { Roles } from './roles.js';

export interface Problem {
  readonly column: string | null;
  /** What was found, and what to do. */
  readonly message: string;
}

/** What `temper data inspect` tells; `--json` prints it as it is. */
export interface DataReport {
  readonly source: string;
  readonly files: number;
  readonly bytes: number;
  readonly rows: number;
  /** Rows that cannot be read, and the first of them with their places. */
  readonly badRows: { readonly count: number; readonly first: readonly string[] };
  /** Of images: how many were decoded to see whether they can be, the first ones; null: there are none. */
  readonly images: { readonly decoded: number; readonly of: number } | null;
  readonly columns: readonly ColumnProfile[];
  readonly roles: Roles;
  /** Rows of each class, the most frequent first; null where none are learnt. */
  readonly classes: readonly { readonly name: string; readonly rows: number }[] | null;
  readonly duplicates: {
    /** Rows whose content was seen before, among the first `exactOf`. */
    readonly exact: number;
    readonly exactOf: number;
    /** How many of them carried another label than the first. */
    readonly contradictions: number;
    /** Rows that are nearly the same as an earlier one, among the first `nearOf`. */
    readonly near: number;
    readonly nearOf: number;
    /** Places of the first such pairs. */
    readonly nearExamples: readonly (readonly [string, string])[];
  };
  readonly examples: readonly { readonly place: string; readonly label: string | null; readonly text: string }[];
  readonly thumbnails: readonly { readonly place: string; readonly label: string; readonly jpeg: string }[];
  readonly problems: readonly Problem[];
  /** A job file that handles them. */
  readonly job: string;
}
