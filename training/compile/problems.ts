/** A function does something that a graph cannot hold: it can only run op by op. */
export class Uncompilable extends Error {
  override readonly name = 'Uncompilable';

  constructor(
    readonly op: string,
    /** The layer that the op belongs to, as scope() named it; '' where nothing did. */
    readonly scope: string,
    problem: string,
  ) {
    super(`${scope ? `${scope}: ` : ''}${op} ${problem}`);
  }
}

/** A step met NaN or an infinity in what it checks (finiteOrStop) and wrote no variable: the state is that before the step. */
export class NonFiniteStep extends Error {
  override readonly name = 'NonFiniteStep';

  constructor(
    /** What was checked, e.g. `gradient norm`. */
    readonly checked: string,
    readonly found: 'NaN' | 'Inf' | 'Inf and NaN',
    options?: ErrorOptions,
  ) {
    super(`${checked} is ${found}; the step was not taken and every variable is as before it`, options);
  }
}

/** How a check's message begins in TensorFlow's error. */
export const CHECK = 'finite check of ';

/** The error of a failed check as NonFiniteStep; any other as it is. */
export function asNonFinite(error: unknown): unknown {
  const failed = new RegExp(`${CHECK}(.+?) : Tensor had (Inf and NaN|NaN|Inf)`).exec((error as Error).message);
  if (!failed) return error;
  return new NonFiniteStep(failed[1]!, failed[2] as NonFiniteStep['found'], { cause: error });
}
