import { backend, binding, tf, type Tensor } from '../tensorflow.js';
import { shapeAttribute, typeAttribute } from './attributes.js';
import type { GraphBuilder } from './graph.js';
import { Recorder } from './recorder.js';
import type { GraphSession } from './session.js';
import type { FeedValues, FunctionSpec, InputSpec } from './spec.js';
import type { Variables } from './variables.js';

export type Values = Float32Array | Int32Array | Uint8Array;

/** A function of a program, ready to run. */
export interface RunnableFunction {
  readonly tracedEagerly: ReadonlySet<string>;
  run(session: GraphSession, feeds: Record<string, FeedValues>): Record<string, Values>;
}

/** Traces a function into nodes of `graph`. */
export function compileFunction(
  graph: GraphBuilder,
  name: string,
  spec: FunctionSpec,
  variables: Variables,
): RunnableFunction {
  const { outputs, tracedEagerly } = traceInto(graph, name, spec, variables);
  return runnable(name, spec.inputs, outputs, tracedEagerly);
}

/** Adds the nodes of a function; returns the names of its outputs. */
function traceInto(
  graph: GraphBuilder,
  name: string,
  { inputs: specs, trace }: FunctionSpec,
  variables: Variables,
): { readonly outputs: readonly string[]; readonly tracedEagerly: ReadonlySet<string> } {
  const recorder = new Recorder(graph);
  const outputs = tf.tidy(() => {
    const inputs: Record<string, Tensor> = {};
    for (const [input, { shape, dtype }] of Object.entries(specs)) {
      const type = { shape, dtype: backend.getDTypeInteger(dtype) };
      const attributes = { dtype: typeAttribute(type.dtype), shape: shapeAttribute(shape) };
      inputs[input] = recorder.values.symbol(graph.add('Placeholder', [], attributes, `${name}/in/${input}`), type);
    }
    const standIns = new Map<string, Tensor>();
    const standIn = (variable: string): Tensor => {
      let tensor = standIns.get(variable);
      if (!tensor) {
        const type = { shape: variables.shapeOf(variable), dtype: binding.TF_FLOAT };
        tensor = recorder.values.symbol(variables.value(variable), type);
        standIns.set(variable, tensor);
      }
      return tensor;
    };
    const traced = recorder.record(() => trace(inputs, standIn));
    const recorded = graph.size;
    const updates =
      traced.update?.({ graph, handle: variables.handle, ref: (tensor) => recorder.values.refOf(tensor) }) ?? [];
    graph.guardWrites(recorded, recorder.checks);
    const before = [...updates, ...recorder.checks].map((ref) => `^${ref}`);
    for (const [output, tensor] of Object.entries(traced.outputs)) {
      const T = typeAttribute(backend.getDTypeInteger(tensor.dtype));
      graph.add('Identity', [recorder.values.refOf(tensor), ...before], { T }, `${name}/out/${output}`);
    }
    return Object.keys(traced.outputs);
  });
  return { outputs, tracedEagerly: recorder.tracedEagerly };
}

/** Apart from the tracing, whose tens of thousands of small objects it would keep: each collection of garbage walks what lives. */
function runnable(
  name: string,
  specs: FunctionSpec['inputs'],
  outputs: readonly string[],
  tracedEagerly: ReadonlySet<string>,
): RunnableFunction {
  const fetches = outputs.map((output) => `${name}/out/${output}`);
  return {
    tracedEagerly,
    run(session, feeds) {
      const tensors = fed(name, specs, feeds);
      try {
        const nodes = Object.entries(tensors).map(([input, tensor]) => ({ node: `${name}/in/${input}`, tensor }));
        const fetched = session.run(nodes, fetches);
        return Object.fromEntries(outputs.map((output, i) => [output, fetched[i]!]));
      } finally {
        tf.dispose(tensors);
      }
    },
  };
}

/** The inputs of a function as tensors; whoever asks disposes of them. */
export const fed = (
  name: string,
  inputs: Record<string, InputSpec>,
  feeds: Record<string, FeedValues>,
): Record<string, Tensor> =>
  Object.fromEntries(
    Object.entries(inputs).map(([input, { shape, dtype }]) => {
      const values = feeds[input];
      if (!values) throw new Error(`${name}: input ${input} is missing`);
      return [input, tf.tensor(values, [...shape], dtype)];
    }),
  );
