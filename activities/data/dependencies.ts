import type { ActivityDependencies } from '../dependencies.js';
import type { DataThreads } from './threads.js';

export interface DataDependencies extends ActivityDependencies {
  readonly threads: DataThreads;
}

/** Of one try of an activity. */
export interface Attempt {
  readonly signal: AbortSignal;
  readonly onProgress: (progress: { readonly done: number; readonly total: number | null }) => void;
  /** From 1. */
  readonly number: number;
}
