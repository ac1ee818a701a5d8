/**
 * A function that cannot be compiled, run op by op. Its variables still live in the session: they are read before it runs, and its
 * updates are compiled as ever, fed with what it computed. Many times slower than a compiled function.
 */
import { backend, binding, tf, type Tensor } from '../tensorflow.js';
import { shapeAttribute, typeAttribute } from './attributes.js';
import { fed, type RunnableFunction } from './compiled-function.js';
import { GraphBuilder } from './graph.js';
import type { FeedValues, FunctionSpec, Traced } from './spec.js';
import type { Variables } from './variables.js';

export function eagerFunction(
  graph: GraphBuilder,
  name: string,
  { inputs, trace }: FunctionSpec,
  variables: Variables,
): RunnableFunction {
  const carried = (i: number) => `${name}/carried/${i}`;
  const done = `${name}/done`;

  // Once on made-up values, to learn what it hands to its updates.
  tf.tidy(() => {
    const samples = Object.entries(inputs).map(([input, { shape, dtype }]) => {
      return [input, dtype === 'int32' ? tf.zeros([...shape], dtype) : tf.ones([...shape], dtype)] as const;
    });
    const zeros = (variable: string) => tf.zeros([...variables.shapeOf(variable)]);
    const { update } = withoutChecks(() => trace(Object.fromEntries(samples), zeros));
    let handed = 0;
    const updates = update?.({
      graph,
      handle: variables.handle,
      ref({ shape, dtype }) {
        const type = typeAttribute(backend.getDTypeInteger(dtype));
        const fedNode = graph.add('Placeholder', [], { dtype: type, shape: shapeAttribute(shape) }, carried(handed++));
        return graph.add('DeepCopy', [fedNode], { T: type }); // what is fed may be lent: see variables.ts
      },
    });
    graph.constant(
      binding.TF_INT32,
      [],
      Int32Array.of(0),
      done,
      (updates ?? []).map((ref) => `^${ref}`),
    );
  });

  return {
    tracedEagerly: new Set(),
    run: (session, feeds: Record<string, FeedValues>) =>
      tf.tidy(() => {
        const read = new Map<string, Tensor>();
        const variable = (wanted: string): Tensor => {
          if (!read.has(wanted)) {
            read.set(
              wanted,
              tf.tensor(variables.read(session, [wanted])[0]!, [...variables.shapeOf(wanted)], 'float32'),
            );
          }
          return read.get(wanted)!;
        };
        const { outputs, update } = trace(fed(name, inputs, feeds), variable);
        const values = Object.entries(outputs).map(([output, tensor]) => [output, backend.readSync(tensor.dataId)]);
        const handed = tensorsHandedTo(update, variables).map((tensor, i) => ({ node: carried(i), tensor }));
        session.run(handed, [done]);
        return Object.fromEntries(values);
      }),
  };
}

/** The tensors that an update asks the nodes of, in its order: asked on a graph that is thrown away. */
function tensorsHandedTo(update: Traced['update'], variables: Variables): Tensor[] {
  const tensors: Tensor[] = [];
  const graph = new GraphBuilder();
  update?.({ graph, handle: variables.handle, ref: (tensor) => `carried/${tensors.push(tensor)}` });
  return tensors;
}

/** Made-up values may well come to NaN, which means nothing. */
function withoutChecks<Result>(body: () => Result): Result {
  const { executeSingleOutput } = backend;
  backend.executeSingleOutput = (op, attrs, inputs) =>
    executeSingleOutput.call(
      backend,
      op === 'CheckNumerics' ? 'Identity' : op,
      attrs.filter(({ name }) => name !== 'message'),
      inputs,
    );
  try {
    return body();
  } finally {
    backend.executeSingleOutput = executeSingleOutput;
  }
}
