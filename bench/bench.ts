export interface BenchOptions {
  /** Also what a user would pick instead: PyTorch, Keras. Builds their Python environment on first use. */
  readonly peers: boolean;
  readonly rounds: number;
  /** Measure only work whose name contains it. */
  readonly only: string;
  /** Says on stderr what goes on; stdout is for the result. */
  readonly say: (sentence: string) => void;
}

export interface BenchResult {
  /** Markdown: the section of RESULTS.md. */
  readonly report: string;
  /** What --json prints. */
  readonly figures: unknown;
  /** Sentences about budgets that were missed. */
  readonly missed: readonly string[];
}

/** What a bench needs is not there; the sentence says what. Exit code 3. */
export class Unavailable extends Error {}

export interface Bench {
  readonly name: string;
  readonly description: string;
  readonly defaultRounds: number;
  readonly run: (options: BenchOptions) => Promise<BenchResult>;
}
