import { typeAttribute, type Attribute } from '../compile/attributes.js';
import { GraphBuilder, nodeNameOf, type NodeRef } from '../compile/graph.js';
import { Recorder } from '../compile/recorder.js';
import type { TensorType } from '../compile/shapes/rule.js';
import type { Model, Pass } from '../model.js';
import { noDropout } from '../ops/dropout.js';
import { backend, binding, tf, type Tensor } from '../tensorflow.js';
import { evaluationPass } from '../step-functions.js';

/** What a Const node holds. */
export interface Literal {
  readonly dtype: number;
  readonly shape: readonly number[];
  readonly values: Float32Array | Int32Array | Uint8Array;
}

/** A node of a graph without variables. A Const has its value beside its attributes, so that weights are not copied into messages. */
export interface GraphNode {
  readonly name: string;
  readonly op: string;
  readonly inputs: readonly NodeRef[];
  readonly attributes: Readonly<Record<string, Attribute>>;
  readonly literal?: Literal;
}

/** A forward pass as it was recorded for one batch size and one length. */
export interface Sketch {
  readonly nodes: readonly GraphNode[];
  readonly inputs: ReadonlyMap<string, TensorType>;
  readonly outputShape: readonly number[];
}

export const OUTPUT_NODE = 'outputs';
export const inference: Pass = {
  training: false,
  dropout: noDropout,
  block: evaluationPass.block,
  isFrozen: () => true,
  update: () => undefined,
};

class SketchBuilder extends GraphBuilder {
  readonly nodes: GraphNode[] = [];

  override add(op: string, inputs: readonly NodeRef[], attributes: Record<string, Attribute>, name?: string): NodeRef {
    const ref = super.add(op, inputs, attributes, name);
    this.nodes.push({ name: ref, op, inputs, attributes });
    return ref;
  }

  override constant(dtype: number, shape: readonly number[], values: ArrayBufferView, name?: string): NodeRef {
    const ref = super.add('Const', [], {}, name);
    const literal = { dtype, shape, values: values as Literal['values'] };
    this.nodes.push({ name: ref, op: 'Const', inputs: [], attributes: {}, literal });
    return ref;
  }
}

/** Records the model for `rows` examples of length `bucket`; `values` of its tensors become constants called `weights/NAME`. */
export function sketch(
  model: Model,
  values: ReadonlyMap<string, Float32Array>,
  { rows, bucket }: { readonly rows: number; readonly bucket: number },
): Sketch {
  return inTidy(() => {
    const graph = new SketchBuilder();
    const recorder = new Recorder(graph);
    const fed: Record<string, Tensor> = {};
    const inputs = new Map<string, TensorType>();
    for (const [name, { shape, dtype }] of Object.entries(model.inputs(rows, bucket))) {
      const type = { shape, dtype: backend.getDTypeInteger(dtype) };
      inputs.set(name, type);
      fed[name] = recorder.values.symbol(graph.add('Placeholder', [], {}, name), type);
    }
    const weights = new Map<string, Tensor>();
    for (const { name, shape } of model.tensors) {
      const data = values.get(name);
      if (!data) throw new Error(`export: no values for the tensor ${name}`);
      const ref = graph.constant(binding.TF_FLOAT, shape, data, `weights/${name}`);
      weights.set(name, recorder.values.symbol(ref, { shape, dtype: binding.TF_FLOAT }));
    }
    const parameters = (name: string): Tensor => {
      const weight = weights.get(name);
      if (!weight) throw new Error(`export: the model has no tensor ${name}`);
      return weight;
    };
    const output = recorder.record(() =>
      model.outputs(parameters, model.features(parameters, fed, inference), fed, inference),
    );
    const T = typeAttribute(backend.getDTypeInteger(output.dtype));
    graph.add('Identity', [recorder.values.refOf(output)], { T }, OUTPUT_NODE);
    return { nodes: reachable(graph.nodes, inputs), inputs, outputShape: output.shape };
  });
}

/** tf.tidy for a body whose result holds no tensors. */
function inTidy<Result>(body: () => Result): Result {
  const results: Result[] = [];
  tf.tidy(() => void results.push(body()));
  return results[0]!;
}

/** The nodes that the output needs, in order, and every input: a caller feeds it also where nothing reads it. */
function reachable(nodes: readonly GraphNode[], inputs: ReadonlyMap<string, unknown>): GraphNode[] {
  const needed = new Set<string>([OUTPUT_NODE, ...inputs.keys()]);
  for (const { name, inputs } of [...nodes].reverse()) {
    if (needed.has(name)) for (const input of inputs) needed.add(nodeNameOf(input));
  }
  return nodes.filter(({ name }) => needed.has(name));
}
