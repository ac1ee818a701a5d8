import type { ActivityDependencies } from '../dependencies.js';
import type { Sha256 } from '../../workflows/contract.js';
import type { DataThreads } from './threads.js';

export interface DataDependencies extends ActivityDependencies {
  readonly threads: DataThreads;
  /** Files of sources that this process has fetched and checked, by their SHA-256. */
  readonly wholeFiles: Map<Sha256, Promise<string>>;
}

/** Of one try of an activity. */
export interface Attempt {
  readonly signal: AbortSignal;
  readonly onProgress: (progress: { readonly done: number; readonly total: number | null }) => void;
  /** From 1. */
  readonly number: number;
}
