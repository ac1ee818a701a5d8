import type { z } from 'zod';
import { nearest, quotedList } from './nearest.js';
import { branches, describeShape, keysAt, sectionsWith, shapesAt, type Shape } from './schema-shape.js';

export type Path = readonly PropertyKey[];

export interface PlacedProblem {
  readonly path: Path;
  /** Whether the key or its value is to blame: which of the two the position points at. */
  readonly at: 'key' | 'value';
  readonly message: string;
}

type Issue = z.core.$ZodIssue;

/** Zod's finding about a job file, in sentences for the person who wrote the file. */
export function explainIssue(issue: Issue, root: unknown): PlacedProblem[] {
  const found = valueAt(root, issue.path);
  if (issue.code === 'unrecognized_keys') {
    const missing = missingOfMeant(issue.path, issue.keys, found);
    return missing.length > 0 ? missing : wrongKeys(issue.path, issue.keys, found);
  }
  if (issue.code === 'invalid_union') {
    const branch = evidentBranch(issue);
    if (branch !== null) {
      return branch.flatMap((inner) => explainIssue({ ...inner, path: [...issue.path, ...inner.path] } as Issue, root));
    }
  }
  const key = issue.path.at(-1);
  if (found === undefined && typeof key === 'string') {
    const expected = shapesAt(issue.path)[0];
    const message = `required key is missing: expected ${expected === undefined ? 'a value' : describeShape(expected)}`;
    return [{ path: issue.path, at: 'key', message }];
  }
  return [{ path: issue.path, at: 'value', message: wrongValue(issue, found) }];
}

/** What another branch of a union lacks, where all the keys that zod's branch does not know are right in it. */
function missingOfMeant(section: Path, keys: readonly string[], found: unknown): PlacedProblem[] {
  const meant = shapesAt(section).find((shape) => keys.every((key) => fits(shape.properties?.[key], found, key)));
  return (meant?.required ?? [])
    .filter((key) => valueAt(found, [key]) === undefined)
    .map((key) => {
      const message = `required key is missing: expected ${describeShape(meant!.properties![key]!)}`;
      return { path: [...section, key], at: 'key', message };
    });
}

const fits = (shape: Shape | undefined, found: unknown, key: string): boolean =>
  shape !== undefined && (shape.enum === undefined || shape.enum.includes(valueAt(found, [key])));

/** A key that has one of the values of its own is right; another one decides which branch of the union was meant. */
function wrongKeys(section: Path, keys: readonly string[], found: unknown): PlacedProblem[] {
  const wrong = keys.filter((key) => {
    const shapes = shapesAt([...section, key]);
    return shapes.length === 0 || shapes.some((shape) => shape.enum !== undefined);
  });
  return (wrong.length > 0 ? wrong : keys).map((key) => unknownKey(section, key, found));
}

function unknownKey(section: Path, key: string, found: unknown): PlacedProblem {
  const path = [...section, key];
  const valid = keysAt(section);
  if (valid.includes(key)) {
    // Valid in another branch of a union than the one that zod took.
    const others = branchesWithout(section, key).filter((other) => Object.hasOwn(found as object, other));
    if (others.length > 0) {
      return { path, at: 'key', message: `cannot be combined with ${quotedList(others)}: keep one or the other` };
    }
    const message = `expected ${describeShape({ anyOf: shapesAt(path) })}, found ${show(valueAt(found, [key]))}`;
    return { path, at: 'value', message };
  }
  const near = nearest(key, valid);
  const elsewhere = sectionsWith(key).map((home) => (home === '' ? 'the top level' : `\`${home}\``));
  const advice =
    near !== null
      ? `did you mean \`${near}\`?`
      : elsewhere.length > 0
        ? `it belongs under ${elsewhere.join(' or ')}`
        : `valid here: ${quotedList(valid)}`;
  return { path, at: 'key', message: `unknown key${near === null && elsewhere.length > 0 ? ' here' : ''}, ${advice}` };
}

const branchesWithout = (section: Path, key: string): string[] => [
  ...new Set(
    shapesAt(section)
      .filter((shape) => shape.properties !== undefined && !(key in shape.properties))
      .flatMap((shape) => Object.keys(shape.properties!)),
  ),
];

/** The issues of the branch that the value resembles most: fewest strange keys; null when none has its type. */
function evidentBranch(issue: z.core.$ZodIssueInvalidUnion): readonly Issue[] | null {
  const shapes = shapesAt(issue.path);
  const candidates = issue.errors
    .map((issues, index) => ({ issues, score: strangeness(issues, shapes[index]) }))
    .filter(({ issues }) => issues.every((inner) => inner.path.length > 0 || inner.code === 'unrecognized_keys'))
    .sort((a, b) => a.score - b.score);
  return candidates[0]?.issues ?? null;
}

/** An unknown key without a near name counts 4; a missing one counts 1, and nothing beside a misspelt one. */
function strangeness(issues: readonly Issue[], shape: Shape | undefined): number {
  let score = 0;
  for (const issue of issues) {
    if (issue.code !== 'unrecognized_keys') score += 1;
    else for (const key of issue.keys) score += nearest(key, Object.keys(shape?.properties ?? {})) === null ? 4 : 0.5;
  }
  return score;
}

function wrongValue(issue: Issue, found: unknown): string {
  const shapes = shapesAt(issue.path);
  const expected: Shape = shapes.length === 1 ? shapes[0]! : { anyOf: shapes };
  if (issue.code === 'invalid_format' && !issue.message.startsWith('Invalid'))
    return `${issue.message}, found ${show(found)}`;
  if (issue.code === 'too_small' && issue.origin === 'array') return `expected at least one entry, found an empty list`;
  if (issue.code === 'too_small' && issue.origin === 'string') return 'expected a text, found an empty one';
  const choices = shapes
    .flatMap(branches)
    .flatMap((shape) => shape.enum ?? [])
    .map(String);
  const near = typeof found === 'string' ? nearest(found, choices) : null;
  return `expected ${describeShape(expected)}, found ${show(found)}${near === null ? '' : `; did you mean \`${near}\`?`}`;
}

function show(value: unknown): string {
  if (value === undefined || value === null) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'a section with keys';
  const text = typeof value === 'string' ? `the text "${value}"` : `\`${String(value)}\``;
  return text.length > 80 ? `${text.slice(0, 77)}…"` : text;
}

function valueAt(root: unknown, path: Path): unknown {
  return path.reduce<unknown>(
    (value, part) =>
      typeof value === 'object' && value !== null ? (value as Record<PropertyKey, unknown>)[part] : undefined,
    root,
  );
}
