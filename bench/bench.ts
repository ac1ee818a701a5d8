export interface BenchOptions {
  /** Also what a user would pick instead: PyTorch, Keras. Builds their Python environment on first use. */
  readonly peers: boolean;
  readonly rounds: number;
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

export interface Bench {
  readonly name: string;
  readonly description: string;
  readonly defaultRounds: number;
  readonly run: (options: BenchOptions) => Promise<BenchResult>;
}
