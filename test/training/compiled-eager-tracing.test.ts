import { expect, test } from 'vitest';
import { compile, type FunctionSpec } from '../../training/compile/program.js';
import { scope } from '../../training/compile/scope.js';
import { Uncompilable } from '../../training/compile/problems.js';
import { backend, binding, tf, type Tensor } from '../../training/tensorflow.js';

const inputs: FunctionSpec['inputs'] = { x: { shape: [2, 3], dtype: 'float32' }, i: { shape: [2], dtype: 'int32' } };
const feeds = { x: Float32Array.of(1, 2, 3, 4, 5, 6), i: Int32Array.of(1, 0) };

const compileOf = (op: (x: Tensor, i: Tensor) => Tensor) =>
  compile({
    variables: new Map(),
    functions: { f: { inputs, trace: ({ x, i }) => ({ outputs: { y: op(x!, i!) } }) } },
  });

/** What the compiled function makes of the feeds. */
function valueOf(op: (x: Tensor, i: Tensor) => Tensor): { y: number[]; tracedEagerly: readonly string[] } {
  const program = compileOf(op);
  const { y } = program.run('f', feeds);
  program.close();
  return { y: [...y!], tracedEagerly: program.tracedEagerly };
}

test('tracing runs no op, keeps no memory, and leaves the backend as it was', () => {
  const before = [backend.executeSingleOutput, backend.executeMultipleOutputs, backend.readSync];
  const [tensors, known] = [binding.getNumOfTensors!(), tf.memory().numTensors];
  const program = compileOf((x) => {
    // 4 TiB, were it computed
    const large = tf.matMul(tf.tile(tf.reshape(x, [6, 1]), [174762, 1]), tf.tile(tf.reshape(x, [1, 6]), [1, 174762]));
    expect(large.shape).toEqual([1048572, 1048572]);
    return tf.slice(large, [0, 0], [1, 2]);
  });
  expect([backend.executeSingleOutput, backend.executeMultipleOutputs, backend.readSync]).toEqual(before);
  program.close();
  expect(binding.getNumOfTensors!()).toBe(tensors);
  expect(tf.memory().numTensors).toBe(known);
});

test('an op without a rule runs once on made-up values and is named', () => {
  const blocks = (x: Tensor) => tf.depthToSpace(tf.reshape(tf.tile(x, [2, 1]), [1, 1, 3, 4]) as never, 2, 'NHWC');
  const found = valueOf(blocks);
  expect(found.tracedEagerly).toEqual(['DepthToSpace']);
  expect(found.y).toEqual(tf.tidy(() => [...blocks(tf.tensor(feeds.x, [2, 3])).dataSync()]));
});

test("rows are looked up by computed indices, though tfjs-node checks an index's bounds in JavaScript", () => {
  expect(valueOf((x, i) => tf.gather(x, i as never)).y).toEqual([4, 5, 6, 1, 2, 3]);
});

test('what reads a value while it is traced is refused by the name of the op and its layer', () => {
  const attempt = () => compileOf((x) => scope('encoder.layer.3', () => tf.mul(x, tf.sum(x).dataSync()[0]!)));
  expect(attempt).toThrow(Uncompilable);
  expect(attempt).toThrow(/^encoder\.layer\.3: Sum \(node encoder\.layer\.3\/Sum_\d+\) is read while it is traced/);
});

test('a shape that depends on values is refused by the name of the op', () => {
  expect(() => compileOf((x) => scope('head', () => tf.unique(tf.reshape(x, [6])).values))).toThrow(
    'head: UniqueV2 cannot be compiled: the shape of its result depends on values',
  );
});

test('shapes that do not fit are refused by op, layer and shapes', () => {
  const wrong = (x: Tensor, i: Tensor) => backend.executeSingleOutput('Add', [], [x, i]);
  expect(() => compileOf((x, i) => scope('head', () => wrong(x, i)))).toThrow(
    'head: Add: shapes [2, 3] and [2] do not broadcast',
  );
});

test('nodes are named by the scope they come from, scopes nest, and a bad name is refused', () => {
  const names: string[] = [];
  const program = compile({
    variables: new Map([['w', [2, 3]]]),
    functions: {
      f: {
        inputs,
        trace({ x }, variable) {
          const y = scope('encoder.layer.3', () => scope('attention', () => tf.add(x!, variable('w'))));
          return { outputs: { y }, update: ({ ref }) => (names.push(ref(y), ref(x!), ref(variable('w'))), []) };
        },
      },
    },
  });
  program.close();
  expect(names[0]).toMatch(/^encoder\.layer\.3\/attention\/Add(V2)?_\d+$/);
  expect(names.slice(1)).toEqual(['f/in/x', 'read/0']);
  expect(() => scope('a b', () => 0)).toThrow('scope: "a b" is no name for a node');
});
