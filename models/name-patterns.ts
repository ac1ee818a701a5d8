import { nearest, quotedList } from '../job/nearest.js';
import { ModelError } from './model-error.js';

/**
 * Whether one of a job's patterns matches a name from its start. `path` is the key that holds them, `of` what the names are of.
 * @throws ModelError for a pattern that matches none of `names`, with the nearest one.
 */
export function matcher(
  patterns: readonly string[],
  path: string,
  names: readonly string[],
  of = 'tensor',
): (name: string) => boolean {
  const expressions = patterns.map((pattern, index) => {
    const expression = new RegExp(`^(?:${pattern})`, 'u');
    if (!names.some((name) => expression.test(name))) throw noMatch(`${path}[${index}]`, pattern, names, of);
    return expression;
  });
  return (name) => expressions.some((expression) => expression.test(name));
}

function noMatch(path: string, pattern: string, names: readonly string[], of: string): ModelError {
  const near = nearest(pattern, new Set(names.flatMap(prefixesOf)));
  const tops = [...new Set(names.map((name) => name.split('.')[0]!))].sort();
  const advice = near === null ? `names begin with ${quotedList(tops, 'or')}` : `did you mean \`${near}\`?`;
  return new ModelError(`${path}: the pattern "${pattern}" matches the start of no ${of} name; ${advice}`);
}

/** `a.b.c` -> `a`, `a.b`, `a.b.c` */
const prefixesOf = (name: string): string[] =>
  name.split('.').map((_, index, parts) => parts.slice(0, index + 1).join('.'));
