/**
 * Makes one graph for every batch size and length of sketches that were recorded for particular ones.
 *
 * A recording has its sizes baked into int32 constants: the shape of a reshape, the size of a slice. Recorded for rows
 * r1, r2 and lengths l1, l2 such a constant is a + b·r + c·l + d·r·l, element by element; the four sketches give the
 * coefficients, and a fifth of other sizes has to agree. Where only one element of a reshape varies it becomes -1; else
 * the graph works the constant out from the shape of its inputs. What differs in any other way cannot be left open.
 */
import { shapeAttribute, typeAttribute, type Message } from '../compile/attributes.js';
import { nodeNameOf } from '../compile/graph.js';
import { binding } from '../tensorflow.js';
import { FixedSize, SizeWriter, type Size } from './size-writer.js';
import type { GraphNode, Literal, Sketch } from './sketch.js';

export interface Sizes {
  readonly rows: number;
  readonly bucket: number;
}

/** Recorded for (rows, bucket): (r1, l1), (r2, l1), (r1, l2), (r2, l2), and one of other sizes that checks. */
export interface SketchGrid {
  readonly at: readonly [Sizes, Sizes, Sizes, Sizes, Sizes];
  readonly sketches: readonly [Sketch, Sketch, Sketch, Sketch, Sketch];
}

export interface OpenGraph {
  readonly nodes: readonly GraphNode[];
  /** -1 is a size that is left open. */
  readonly inputs: ReadonlyMap<string, { readonly shape: readonly number[]; readonly dtype: number }>;
  readonly outputShape: readonly number[];
}

const INT32 = binding.TF_INT32;

/** @throws FixedSize naming the node that cannot be left open. */
export function openSizes(grid: SketchGrid): OpenGraph {
  const [first] = grid.sketches;
  const open = (name: string, shapes: readonly (readonly number[])[]) =>
    transpose(name, shapes).map((sizes) => fit(grid, name, sizes));
  const inputSizes = new Map(
    Array.from(first.inputs.keys(), (name) => [
      name,
      open(
        name,
        grid.sketches.map(({ inputs }) => inputs.get(name)?.shape ?? []),
      ),
    ]),
  );
  const writer = new SizeWriter(first, inputSizes);
  const consumers = consumersOf(first.nodes);
  if (grid.sketches.some(({ nodes }) => nodes.length !== first.nodes.length)) {
    throw new FixedSize('the model runs other ops for other sizes');
  }
  for (const [i, node] of first.nodes.entries()) {
    const same = grid.sketches.map(({ nodes }) => nodes[i]!);
    if (!same.every((other) => sameNode(node, other))) throw new FixedSize(`${node.name} differs from size to size`);
    const literals = same.map(({ literal }) => literal!);
    if (!node.literal || literals.every((literal) => sameLiteral(node.literal!, literal))) writer.nodes.push(node);
    else openLiteral(grid, node, literals, writer, consumers.get(node.name) ?? []);
  }
  const shapeOf = (sizes: readonly Size[]) => sizes.map((size) => (isFixed(size) ? size[0] : -1));
  const inputs = new Map(
    Array.from(first.inputs, ([name, { dtype }]) => [name, { dtype, shape: shapeOf(inputSizes.get(name)!) }]),
  );
  const declared = (node: GraphNode): GraphNode => {
    const input = node.op === 'Placeholder' ? inputs.get(node.name)! : null;
    if (!input) return node;
    return { ...node, attributes: { dtype: typeAttribute(input.dtype), shape: shapeAttribute(input.shape) } };
  };
  return {
    nodes: writer.nodes.map(declared),
    inputs,
    outputShape: shapeOf(
      open(
        'the output',
        grid.sketches.map(({ outputShape }) => outputShape),
      ),
    ),
  };
}

interface Consumer {
  readonly op: string;
  readonly position: number;
}

function openLiteral(
  grid: SketchGrid,
  { name, literal }: GraphNode,
  literals: readonly Literal[],
  writer: SizeWriter,
  consumers: readonly Consumer[],
): void {
  const [first] = literals as [Literal];
  if (literals.some(({ shape }) => shape.join() !== first.shape.join())) {
    const filled = first.values[0];
    if (filled === undefined || !literals.every(({ values }) => values.every((value) => value === filled))) {
      throw new FixedSize(`${name} holds a table of that size`);
    }
    const dims = transpose(
      name,
      literals.map(({ shape }) => shape),
    ).map((sizes) => fit(grid, name, sizes));
    writer.fill(name, first, dims);
    return;
  }
  if (first.dtype !== INT32) throw new FixedSize(`${name} holds another number for every size`);
  const sizes = transpose(
    name,
    literals.map(({ values }) => [...values]),
  ).map((values) => fit(grid, name, values));
  const varying = sizes.filter((size) => !isFixed(size));
  const onlyReshapes = consumers.every(({ op, position }) => op === 'Reshape' && position === 1);
  if (onlyReshapes && varying.length === 1) {
    const values = Int32Array.from(sizes, (size) => (isFixed(size) ? size[0] : -1));
    writer.nodes.push({ name, op: 'Const', inputs: [], attributes: {}, literal: { ...literal!, values } });
  } else writer.tensor(name, first.shape, sizes);
}

/** Solves for the coefficients by the first four values and checks them by the fifth. */
function fit({ at }: SketchGrid, name: string, values: readonly number[]): Size {
  const [a, b, c, d, check] = values as [number, number, number, number, number];
  const [first, , , last, other] = at;
  // A size that was not varied gives equal values: its coefficients are 0 whatever they are divided by.
  const [dr, dl] = [last.rows - first.rows || 1, last.bucket - first.bucket || 1];
  const both = (d - c - b + a) / (dr * dl);
  const rows = (b - a) / dr - both * first.bucket;
  const bucket = (c - a) / dl - both * first.rows;
  const constant = a - rows * first.rows - bucket * first.bucket - both * first.rows * first.bucket;
  const size: Size = [constant, rows, bucket, both];
  const predicted = constant + rows * other.rows + bucket * other.bucket + both * other.rows * other.bucket;
  if (!size.every(Number.isInteger) || predicted !== check) throw new FixedSize(`${name} is no sum of sizes`);
  return size;
}

const isFixed = ([, rows, bucket, both]: Size): boolean => rows === 0 && bucket === 0 && both === 0;

/** Values by sketch -> for every element its value in each sketch. */
function transpose(name: string, lists: readonly (readonly number[])[]): number[][] {
  const [first] = lists as [readonly number[]];
  if (lists.some(({ length }) => length !== first.length))
    throw new FixedSize(`${name} has another rank for every size`);
  return first.map((_, i) => lists.map((list) => list[i]!));
}

function consumersOf(nodes: readonly GraphNode[]): Map<string, Consumer[]> {
  const consumers = new Map<string, Consumer[]>();
  for (const { op, inputs } of nodes) {
    for (const [position, input] of inputs.entries()) {
      const name = nodeNameOf(input);
      consumers.set(name, [...(consumers.get(name) ?? []), { op, position }]);
    }
  }
  return consumers;
}

const sameNode = (a: GraphNode, b: GraphNode): boolean =>
  a.name === b.name &&
  a.op === b.op &&
  a.inputs.join() === b.inputs.join() &&
  attributeBytes(a) === attributeBytes(b) &&
  (a.literal === undefined) === (b.literal === undefined);

const attributeBytes = ({ attributes }: GraphNode): string =>
  Object.entries(attributes)
    .map(
      ([key, value]) => `${key}=${Buffer.from((value as Message).serializeBinary() as Uint8Array).toString('base64')}`,
    )
    .join();

const sameLiteral = (a: Literal, b: Literal): boolean =>
  a.values === b.values ||
  (a.dtype === b.dtype &&
    a.shape.join() === b.shape.join() &&
    a.values.every((value, i) => Object.is(value, b.values[i])));
