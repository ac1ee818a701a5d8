import { attributeOf, typeAttribute, type Attribute } from '../compile/attributes.js';
import { binding } from '../tensorflow.js';
import type { GraphNode, Literal, Sketch } from './sketch.js';

/** Something that the graph does depends on a size in a way that cannot be expressed. */
export class FixedSize extends Error {
  override readonly name = 'FixedSize';
}

/** a + b·rows + c·bucket + d·rows·bucket */
export type Size = readonly [constant: number, rows: number, bucket: number, both: number];

const INT32 = binding.TF_INT32;
const int = (name: string, value: number): Attribute => attributeOf({ name, type: binding.TF_ATTR_INT, value });
const T = typeAttribute(INT32);

/** Writes nodes that work sizes out while the graph runs. */
export class SizeWriter {
  readonly nodes: GraphNode[] = [];
  readonly #known = new Map<string, string>();

  constructor(
    readonly sketch: Sketch,
    readonly inputs: ReadonlyMap<string, readonly Size[]>,
  ) {}

  /** An int32 tensor of these sizes, called `name`. */
  tensor(name: string, shape: readonly number[], sizes: readonly Size[]): void {
    const parts = sizes.map((size) => this.#scalar(size));
    if (shape.length === 0) return this.#add(name, 'Identity', [parts[0]!], { T });
    const pack = { T, N: int('N', parts.length), axis: int('axis', 0) };
    if (shape.length === 1) return this.#add(name, 'Pack', parts, pack);
    this.#add(`${name}/flat`, 'Pack', parts, pack);
    this.#literal(`${name}/shape`, [shape.length], Int32Array.from(shape));
    return this.#add(name, 'Reshape', [`${name}/flat`, `${name}/shape`], { T, Tshape: T });
  }

  /** A tensor of this shape with the same value everywhere. */
  fill(name: string, { dtype, values }: Literal, shape: readonly Size[]): void {
    this.tensor(`${name}/dims`, [shape.length], shape);
    const literal = { dtype, shape: [], values: values.slice(0, 1) };
    this.nodes.push({ name: `${name}/value`, op: 'Const', inputs: [], attributes: {}, literal });
    this.#add(name, 'Fill', [`${name}/dims`, `${name}/value`], { T: typeAttribute(dtype), index_type: T });
  }

  #add(name: string, op: string, inputs: readonly string[], attributes: Record<string, Attribute>): void {
    this.nodes.push({ name, op, inputs, attributes });
  }

  #literal(name: string, shape: readonly number[], values: Int32Array): void {
    this.nodes.push({ name, op: 'Const', inputs: [], attributes: {}, literal: { dtype: INT32, shape, values } });
  }

  #once(name: string, write: (name: string) => void): string {
    if (!this.#known.has(name)) {
      this.#known.set(name, name);
      write(name);
    }
    return name;
  }

  #number(value: number): string {
    return this.#once(`sizes/${value}`.replace('-', 'minus-'), (name) => this.#literal(name, [], Int32Array.of(value)));
  }

  #scalar(size: Size): string {
    const [constant, rows, bucket, both] = size;
    const terms: string[] = [];
    const times = (factor: number, of: () => string) => {
      if (factor === 0) return;
      const base = of();
      terms.push(factor === 1 ? base : this.#binary('Mul', base, this.#number(factor)));
    };
    times(rows, () => this.#axis([0, 1, 0, 0], 'rows'));
    times(bucket, () => this.#axis([0, 0, 1, 0], 'length'));
    times(both, () => this.#binary('Mul', this.#axis([0, 1, 0, 0], 'rows'), this.#axis([0, 0, 1, 0], 'length')));
    if (constant !== 0 || terms.length === 0) terms.push(this.#number(constant));
    return terms.reduce((sum, term) => this.#binary('AddV2', sum, term));
  }

  #binary(op: 'Mul' | 'AddV2', x: string, y: string): string {
    const short = (ref: string) => ref.replace('sizes/', '');
    const name = `sizes/${short(x)}_${op === 'Mul' ? 'times' : 'plus'}_${short(y)}`;
    return this.#once(name, () => this.#add(name, op, [x, y], { T }));
  }

  /** The size that is exactly `wanted`, read from the shape of an input. */
  #axis(wanted: Size, word: string): string {
    return this.#once(`sizes/${word}`, (name) => {
      for (const [input, sizes] of this.inputs) {
        const axis = sizes.findIndex((size) => size.join() === wanted.join());
        if (axis < 0) continue;
        const { dtype } = this.sketch.inputs.get(input)!;
        this.#add(`${name}/of`, 'Shape', [input], { T: typeAttribute(dtype), out_type: T });
        this.#literal(`${name}/begin`, [1], Int32Array.of(axis));
        this.#literal(`${name}/end`, [1], Int32Array.of(axis + 1));
        this.#literal(`${name}/strides`, [1], Int32Array.of(1));
        const masks = ['begin_mask', 'end_mask', 'ellipsis_mask', 'new_axis_mask'].map((mask) => [mask, int(mask, 0)]);
        this.#add(
          name,
          'StridedSlice',
          ['of', 'begin', 'end', 'strides'].map((part) => `${name}/${part}`),
          {
            ...{ T, Index: T, ...Object.fromEntries(masks) },
            shrink_axis_mask: int('shrink_axis_mask', 1),
          },
        );
        return;
      }
      throw new FixedSize(`no input has an axis that is the number of ${word}`);
    });
  }
}
