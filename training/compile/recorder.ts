/**
 * Recording: while a function runs eagerly, every op that reaches the node backend also becomes a node of a graph.
 *
 * A tensor that no recorded op made was made in JavaScript (an axis, a scalar): it becomes a constant of the graph. That is
 * the one trap: what varies from step to step (learning rate, seed) must be an input, or its first value stays for ever.
 */
import { backend, type Tensor, type TFEOpAttr } from '../tensorflow.js';
import { attributeOf } from './attributes.js';
import type { GraphBuilder, NodeRef } from './graph.js';

export class Recorder {
  readonly #refs = new Map<object, NodeRef>();

  constructor(readonly graph: GraphBuilder) {}

  /** Says that `tensor` stands for the node `ref`. */
  bind(tensor: Tensor, ref: NodeRef): void {
    this.#refs.set(tensor.dataId, ref);
  }

  refOf(tensor: { dataId: object; dtype: string; shape: number[] }): NodeRef {
    const known = this.#refs.get(tensor.dataId);
    if (known !== undefined) return known;
    const ref = this.graph.constant(
      backend.getDTypeInteger(tensor.dtype as never),
      tensor.shape,
      backend.readSync(tensor.dataId),
    );
    this.#refs.set(tensor.dataId, ref);
    return ref;
  }

  /** Runs `body`, recording what it does. Not reentrant: one recording at a time. */
  record<Result>(body: () => Result): Result {
    const { executeSingleOutput, executeMultipleOutputs } = backend;
    const note = (op: string, attrs: TFEOpAttr[], inputs: readonly Tensor[], outputs: readonly Tensor[]) => {
      const attributes = Object.fromEntries(attrs.map((attr) => [attr.name, attributeOf(attr)]));
      const name = this.graph.add(
        op,
        inputs.map((input) => this.refOf(input)),
        attributes,
      );
      outputs.forEach((output, i) => this.bind(output, i === 0 ? name : `${name}:${i}`));
    };
    backend.executeSingleOutput = (op, attrs, inputs) => {
      const output = executeSingleOutput.call(backend, op, attrs, inputs);
      note(op, attrs, inputs as Tensor[], [output]);
      return output;
    };
    backend.executeMultipleOutputs = (op, attrs, inputs, count) => {
      const outputs = executeMultipleOutputs.call(backend, op, attrs, inputs, count);
      note(op, attrs, inputs as Tensor[], outputs);
      return outputs;
    };
    try {
      return body();
    } finally {
      backend.executeSingleOutput = executeSingleOutput;
      backend.executeMultipleOutputs = executeMultipleOutputs;
    }
  }
}
