/** One thing that is wrong in a job file. `line` and `column` count from 1. */
export interface JobProblem {
  /** Dotted key path, `train.learningRate` or `freeze.train[0]`; empty for the file as a whole. */
  readonly path: string;
  readonly line: number;
  readonly column: number;
  /** One sentence: what was expected, what was found, what to do. */
  readonly message: string;
}

/** The job file cannot be run as it is. The user changes it; nothing was started. */
export class JobError extends Error {
  override readonly name = 'JobError';

  constructor(
    readonly fileName: string,
    readonly problems: readonly JobProblem[],
  ) {
    super(problems.map((problem) => formatProblem(fileName, problem)).join('\n'));
  }
}

function formatProblem(fileName: string, { path, line, column, message }: JobProblem): string {
  const where = `${fileName}:${line}:${column}`;
  return path === '' ? `${where}: ${message}` : `${where}: ${path}: ${message}`;
}
