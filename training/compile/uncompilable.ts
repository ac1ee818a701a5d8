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
