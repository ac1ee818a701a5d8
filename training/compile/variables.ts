import { binding, tf } from '../tensorflow.js';
import { shapeAttribute, textAttribute, typeAttribute } from './attributes.js';
import type { GraphBuilder, NodeRef } from './graph.js';
import type { GraphSession } from './session.js';

const FLOAT = typeAttribute(binding.TF_FLOAT);

/** The float32 variables of a program: where each stands in its graph. */
export class Variables {
  readonly #index: ReadonlyMap<string, number>;

  constructor(readonly shapes: ReadonlyMap<string, readonly number[]>) {
    this.#index = new Map([...shapes.keys()].map((name, i) => [name, i]));
  }

  handle = (name: string): NodeRef => `var/${this.#indexOf(name)}`;
  value = (name: string): NodeRef => `read/${this.#indexOf(name)}`;

  shapeOf(name: string): readonly number[] {
    this.#indexOf(name);
    return this.shapes.get(name)!;
  }

  declare(graph: GraphBuilder): void {
    for (const [name, shape] of this.shapes) declareVariable(graph, this.#indexOf(name), shape);
  }

  /**
   * Each set of variables that is read or assigned for the first time costs TensorFlow a look at the whole graph (30 ms at 5,000
   * nodes): one call for many is hundreds of times faster than many calls.
   */
  read = (session: GraphSession, names: readonly string[]): Float32Array[] =>
    session.run([], names.map(this.value)) as Float32Array[];

  assign(session: GraphSession, values: ReadonlyMap<string, Float32Array>): void {
    const given = [...values].map(([name, data]) => {
      return { i: this.#indexOf(name), tensor: tf.tensor(data, [...this.shapeOf(name)], 'float32') };
    });
    try {
      session.run(
        given.map(({ i, tensor }) => ({ node: `init/${i}`, tensor })),
        given.map(({ i }) => `done/${i}`),
      );
    } finally {
      for (const { tensor } of given) tensor.dispose();
    }
  }

  #indexOf(name: string): number {
    const i = this.#index.get(name);
    if (i === undefined) throw new Error(`program: no variable is called ${name}`);
    return i;
  }
}

/**
 * Handle, read, and an assignment that is fetched by a constant which waits for it.
 *
 * The assignment stores a copy. tfjs-node lends TensorFlow the JavaScript array of a fed tensor wherever it happens to lie on a
 * 64-byte boundary: stored as it is, the variable would be that array, updated in place under its owner's eyes and released by
 * whichever of TensorFlow's threads replaces it, which crashes V8.
 */
function declareVariable(graph: GraphBuilder, i: number, shape: readonly number[]): void {
  const shapeOf = shapeAttribute(shape);
  const named = { shared_name: textAttribute(`v${i}`), container: textAttribute('') };
  const handle = graph.add('VarHandleOp', [], { dtype: FLOAT, shape: shapeOf, ...named }, `var/${i}`);
  graph.add('ReadVariableOp', [handle], { dtype: FLOAT }, `read/${i}`);
  const value = graph.add('Placeholder', [], { dtype: FLOAT, shape: shapeOf }, `init/${i}`);
  const copy = graph.add('DeepCopy', [value], { T: FLOAT }, `copy/${i}`);
  const assigned = graph.add('AssignVariableOp', [handle, copy], { dtype: FLOAT }, `assign/${i}`);
  graph.constant(binding.TF_INT32, [], Int32Array.of(0), `done/${i}`, [`^${assigned}`]);
}
