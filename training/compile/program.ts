/**
 * A program: functions compiled into one TensorFlow graph over shared variables, run in one call each.
 *
 *   const program = compile({ variables, functions: { 'train/16': { inputs, trace } } });
 *   program.assign('head.bias', values);
 *   const { loss } = program.run('train/16', { ids, mask, … });
 *
 * tfjs sends every op through N-API by itself; a MiniLM step is some 2,000 of them. Here a function runs once eagerly while
 * its ops are recorded (recorder.ts), and the recording is loaded as a SavedModel through the stock binding. Variables
 * live in the session as resources, so weights cross N-API only when they are read or assigned. All functions share one
 * session, because a variable belongs to a session.
 */
import { backend, binding, tf, type DataType, type Tensor } from '../tensorflow.js';
import { shapeAttribute, textAttribute, typeAttribute } from './attributes.js';
import { GraphBuilder, type NodeRef } from './graph.js';
import { Recorder } from './recorder.js';
import { openSession, type GraphSession } from './session.js';

/** Part of every fingerprint: raise it when recorded graphs may give other bits than before. */
export const STEP_COMPILER_VERSION = '1';

export interface InputSpec {
  readonly shape: readonly number[];
  readonly dtype: 'float32' | 'int32';
}

export type FeedValues = Float32Array | Int32Array;

/** What an update needs to write a variable at the end of a step. */
export interface UpdateContext {
  readonly graph: GraphBuilder;
  /** The resource handle of a variable. */
  handle(variable: string): NodeRef;
  /** The node of a traced tensor. */
  ref(tensor: Tensor): NodeRef;
}

export interface Traced {
  /** Fetched by run(). */
  readonly outputs: Record<string, Tensor>;
  /** Adds the nodes that write variables; returns those that outputs must wait for. */
  readonly update?: (context: UpdateContext) => NodeRef[];
}

export interface FunctionSpec {
  readonly inputs: Record<string, InputSpec>;
  readonly trace: (inputs: Record<string, Tensor>, variables: (name: string) => Tensor) => Traced;
}

export interface ProgramSpec {
  /** float32 variables by name, with their shapes. */
  readonly variables: ReadonlyMap<string, readonly number[]>;
  readonly functions: Record<string, FunctionSpec>;
}

export interface Program {
  readonly nodeCount: number;
  /** Ops without a shape rule: each was run once on made-up values while it was traced. */
  readonly tracedEagerly: readonly string[];
  run(name: string, feeds: Record<string, FeedValues>): Record<string, Float32Array>;
  read(variable: string): Float32Array;
  assign(variable: string, values: Float32Array): void;
  close(): void;
}

const FLOAT = typeAttribute(binding.TF_FLOAT);

export function compile({ variables, functions }: ProgramSpec): Program {
  const graph = new GraphBuilder();
  const index = new Map([...variables.keys()].map((name, i) => [name, i]));
  const indexOf = (name: string): number => {
    const i = index.get(name);
    if (i === undefined) throw new Error(`program: no variable is called ${name}`);
    return i;
  };
  for (const [name, shape] of variables) declareVariable(graph, indexOf(name), shape);

  const tracedEagerly = new Set<string>();
  const outputNames = new Map<string, string[]>();
  for (const [name, spec] of Object.entries(functions)) {
    tf.tidy(() => {
      const recorder = new Recorder(graph);
      const inputs: Record<string, Tensor> = {};
      for (const [input, { shape, dtype }] of Object.entries(spec.inputs)) {
        const type = { shape, dtype: backend.getDTypeInteger(dtype) };
        const attributes = { dtype: typeAttribute(type.dtype), shape: shapeAttribute(shape) };
        inputs[input] = recorder.symbol(graph.add('Placeholder', [], attributes, `${name}/in/${input}`), type);
      }
      const standIns = new Map<string, Tensor>();
      const standIn = (variable: string): Tensor => {
        let tensor = standIns.get(variable);
        if (!tensor) {
          const type = { shape: variables.get(variable)!, dtype: binding.TF_FLOAT };
          tensor = recorder.symbol(`read/${indexOf(variable)}`, type);
          standIns.set(variable, tensor);
        }
        return tensor;
      };
      const traced = recorder.record(() => spec.trace(inputs, standIn));
      const context: UpdateContext = {
        graph,
        handle: (variable) => `var/${indexOf(variable)}`,
        ref: (tensor) => recorder.refOf(tensor),
      };
      const updates = traced.update?.(context).map((ref) => `^${ref}`) ?? [];
      for (const [output, tensor] of Object.entries(traced.outputs)) {
        const T = typeAttribute(backend.getDTypeInteger(tensor.dtype));
        graph.add('Identity', [recorder.refOf(tensor), ...updates], { T }, `${name}/out/${output}`);
      }
      for (const op of recorder.tracedEagerly) tracedEagerly.add(op);
      outputNames.set(name, Object.keys(traced.outputs));
    });
  }

  const session = openSession(graph);
  return {
    nodeCount: graph.size,
    tracedEagerly: [...tracedEagerly].sort(),
    run(name, feeds) {
      const { inputs } = functions[name] ?? missing(name);
      const outputs = outputNames.get(name)!;
      const fetched = feed(session, name, inputs, feeds, outputs);
      return Object.fromEntries(outputs.map((output, i) => [output, fetched[i] as Float32Array]));
    },
    read: (variable) => session.run([], [`read/${indexOf(variable)}`])[0] as Float32Array,
    assign(variable, values) {
      const shape = variables.get(variable);
      const i = indexOf(variable);
      const value = tf.tensor(values, [...shape!], 'float32');
      try {
        session.run([{ node: `init/${i}`, tensor: value }], [`done/${i}`]);
      } finally {
        value.dispose();
      }
    },
    close: () => session.close(),
  };
}

const missing = (name: string): never => {
  throw new Error(`program: no function is called ${name}`);
};

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

function feed(
  session: GraphSession,
  name: string,
  inputs: Record<string, InputSpec>,
  feeds: Record<string, FeedValues>,
  outputs: readonly string[],
): (Float32Array | Int32Array | Uint8Array)[] {
  const tensors = Object.entries(inputs).map(([input, { shape, dtype }]) => {
    const values = feeds[input];
    if (!values) throw new Error(`${name}: input ${input} is missing`);
    return { node: `${name}/in/${input}`, tensor: tf.tensor(values, [...shape], dtype as DataType) as Tensor };
  });
  try {
    return session.run(
      tensors,
      outputs.map((output) => `${name}/out/${output}`),
    );
  } finally {
    for (const { tensor } of tensors) tensor.dispose();
  }
}
