import { z } from 'zod';
import { jobSchema } from './schema.js';

/** The part of JSON Schema that the job schema uses. */
export interface Shape {
  readonly type?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly enum?: readonly unknown[];
  readonly properties?: Readonly<Record<string, Shape>>;
  readonly required?: readonly string[];
  readonly items?: Shape;
  /** Of a section whose keys are the user's names: what each value is. */
  readonly additionalProperties?: Shape | boolean;
  readonly anyOf?: readonly Shape[];
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly exclusiveMaximum?: number;
}

/** The job schema, what a user writes (keys with a default are optional), as JSON Schema. */
export const jobShape = (): Shape => z.toJSONSchema(jobSchema, { io: 'input' }) as Shape;

/** The shapes that a value may have: the branches of a union, or the shape itself. */
export const branches = (shape: Shape): readonly Shape[] => shape.anyOf ?? [shape];

/** The shapes at a path, through unions. */
export function shapesAt(path: readonly PropertyKey[], root: Shape = jobShape()): readonly Shape[] {
  let shapes = branches(root);
  for (const part of path) {
    shapes = shapes.flatMap((shape) => {
      const next = typeof part === 'number' ? shape.items : (shape.properties?.[String(part)] ?? valuesOf(shape));
      return next === undefined ? [] : branches(next);
    });
  }
  return shapes;
}

/** What the values of a section with names of the user's are. */
const valuesOf = ({ additionalProperties: values }: Shape): Shape | undefined =>
  typeof values === 'object' ? values : undefined;

/** Names of the keys at a path, of every branch of a union. */
export const keysAt = (path: readonly PropertyKey[]): string[] => [
  ...new Set(shapesAt(path).flatMap((shape) => Object.keys(shape.properties ?? {}))),
];

/** The sections in which a key of this name is valid, as dotted paths. */
export function sectionsWith(key: string, shape: Shape = jobShape(), path = ''): string[] {
  return branches(shape).flatMap((branch) =>
    Object.entries(branch.properties ?? {}).flatMap(([name, child]) => [
      ...(name === key ? [path] : []),
      ...sectionsWith(key, child, path === '' ? name : `${path}.${name}`),
    ]),
  );
}

/** What a value of this shape looks like, in a few words: `none`, `all` or `{ train: [text] }`. */
export function describeShape(shape: Shape): string {
  const choices = [...new Set(choicesOf(shape))];
  if (choices.length > 1) return `${choices.slice(0, -1).join(', ')} or ${choices.at(-1)}`;
  if (choices.length === 1) return choices[0]!;
  switch (shape.type) {
    case 'object': {
      const values = valuesOf(shape);
      if (values !== undefined) return `\`{ name: ${branches(values).map(plain).join(' or ')} }\``;
      const keys = shape.required ?? Object.keys(shape.properties ?? {});
      if (keys.length > 4) return `a section with keys such as \`${keys[0]}\``;
      return `\`{ ${keys.map((key) => `${key}: ${plain(shape.properties![key]!)}`).join(', ')} }\``;
    }
    case 'array':
      return `a list of ${shape.items?.type === 'string' ? 'texts' : 'values'}`;
    case 'integer':
      return `a whole number${bounds(shape)}`;
    case 'number':
      return `a number${bounds(shape)}`;
    case 'boolean':
      return '`true` or `false`';
    case 'null':
      return '`null`';
    default:
      return 'a text';
  }
}

const plain = (shape: Shape): string =>
  shape.enum?.length === 1
    ? String(shape.enum[0])
    : shape.type === 'array'
      ? '[…]'
      : (shape.type ?? shape.anyOf?.[0]?.type ?? '…').replace('string', 'text').replace('integer', 'number');

/** The words for each choice of a union or an enumeration, through nested ones. */
function choicesOf({ anyOf, enum: values }: Shape): string[] {
  if (values !== undefined) return values.map((value) => `\`${String(value)}\``);
  return (anyOf ?? []).flatMap((branch) => (branch.enum === undefined ? [describeShape(branch)] : choicesOf(branch)));
}

function bounds(shape: Shape): string {
  const { exclusiveMinimum: above, minimum: from, exclusiveMaximum: below, maximum } = shape;
  const upTo = maximum === Number.MAX_SAFE_INTEGER ? undefined : maximum;
  const parts = [
    above !== undefined ? `above ${above}` : from !== undefined ? `of at least ${from}` : '',
    below !== undefined ? `below ${below}` : upTo !== undefined ? `at most ${upTo}` : '',
  ].filter((part) => part !== '');
  return parts.length === 0 ? '' : ` ${parts.join(' and ')}`;
}
