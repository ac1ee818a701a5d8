import type { TensorSpec } from './tensor-spec.js';
import { ModelError } from './model-error.js';

export interface ArchitectureCheck {
  readonly ok: boolean;
  readonly missing: readonly TensorSpec[];
  readonly unexpected: readonly TensorSpec[];
  readonly misshapen: readonly {
    readonly name: string;
    readonly expected: readonly number[];
    readonly found: readonly number[];
  }[];
}

/** Compares the tensors that a file has with those that the configuration implies; nothing is loaded. */
export function checkArchitecture(found: Iterable<TensorSpec>, expected: readonly TensorSpec[]): ArchitectureCheck {
  const rest = new Map(Array.from(found, ({ name, shape }) => [name, shape]));
  const missing: TensorSpec[] = [];
  const misshapen: ArchitectureCheck['misshapen'][number][] = [];
  for (const { name, shape } of expected) {
    const foundShape = rest.get(name);
    rest.delete(name);
    if (foundShape === undefined) missing.push({ name, shape });
    else if (foundShape.join() !== shape.join()) misshapen.push({ name, expected: shape, found: foundShape });
  }
  const unexpected = Array.from(rest, ([name, shape]) => ({ name, shape }));
  return { ok: missing.length + misshapen.length + unexpected.length === 0, missing, unexpected, misshapen };
}

/** Every difference, expected beside found. `where` names the file. */
export function architectureError(check: ArchitectureCheck, where: string): ModelError {
  const rows = [
    ...check.missing.map(({ name, shape }) => [name, format(shape), 'missing']),
    ...check.misshapen.map(({ name, expected, found }) => [name, format(expected), format(found)]),
    ...check.unexpected.map(({ name, shape }) => [name, 'no such tensor', format(shape)]),
  ];
  const table = [['tensor', 'expected', 'found'], ...rows];
  const widths = [0, 1].map((column) => Math.max(...table.map((row) => row[column]!.length)));
  const lines = table.map(([a, b, c]) => `  ${a!.padEnd(widths[0]!)}  ${b!.padEnd(widths[1]!)}  ${c}`);
  const count = rows.length === 1 ? '1 tensor differs' : `${rows.length} tensors differ`;
  return new ModelError(
    `${where}: ${count} from what config.json beside it says; use the weights and the config.json of one model:\n${lines.join('\n')}`,
  );
}

const format = (shape: readonly number[]): string => `[${shape.join(', ')}]`;
