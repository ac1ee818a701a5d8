import { nearest, quotedList } from '../job/nearest.js';
import { ModelError } from './model-error.js';

/**
 * A job's patterns as expressions anchored at the start of a tensor name.
 * @param path Where the patterns stand in the job: `train.groups[0].match`.
 * @throws ModelError for a pattern that matches none of the names.
 */
export function namePatterns(path: string, patterns: readonly string[], names: readonly string[]): readonly RegExp[] {
  return patterns.map((pattern, index) => {
    const expression = new RegExp(`^(?:${pattern})`, 'u');
    if (names.some((name) => expression.test(name))) return expression;
    throw new ModelError(
      `${path}[${index}]: the pattern "${pattern}" matches the start of no tensor name; ${advice(pattern, names)}`,
    );
  });
}

function advice(pattern: string, names: readonly string[]): string {
  const near = nearest(pattern, new Set(names.flatMap(prefixesOf)));
  const tops = [...new Set(names.map((name) => name.split('.')[0]!))].sort();
  return near === null ? `names begin with ${quotedList(tops, 'or')}` : `did you mean \`${near}\`?`;
}

/** `a.b.c` -> `a`, `a.b`, `a.b.c` */
const prefixesOf = (name: string): string[] =>
  name.split('.').map((_, index, parts) => parts.slice(0, index + 1).join('.'));
