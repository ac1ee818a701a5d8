/**
 * Names for what is traced: nodes made inside `scope('encoder.layer.3', …)` are called encoder.layer.3/MatMul_17, and an op
 * that cannot be compiled is reported with that name. Trace-time only; scopes nest.
 */
let current = '';

export const currentScope = (): string => current;

/** Runs `body` in a scope inside the present one. Names consist of letters, digits and any of _ . - / and do not begin with a sign. */
export const scope = <Result>(name: string, body: () => Result): Result => {
  if (!/^[A-Za-z0-9][\w.\-/]*$/.test(name)) {
    throw new Error(
      `scope: "${name}" is no name for a node; use letters, digits and _ . - / and begin with a letter or a digit`,
    );
  }
  return inScope(current === '' ? name : `${current}/${name}`, body);
};

/** Runs `body` in exactly this scope: a gradient belongs to the layer whose it is, whoever asks for it. */
export function inScope<Result>(path: string, body: () => Result): Result {
  const outer = current;
  current = path;
  try {
    return body();
  } finally {
    current = outer;
  }
}
