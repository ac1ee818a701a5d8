import { expect, test } from 'vitest';
import { compile, type FeedValues, type FunctionSpec } from '../../training/compile/program.js';
import { shapeRules } from '../../training/compile/shapes/table.js';
import { backend, tf, type Tensor } from '../../training/tensorflow.js';
import { shapeCases, type Operand, type ShapeCase } from './op-cases-shapes.js';

const feedOf = ({ dtype, values }: Operand): FeedValues =>
  dtype === 'int32' ? Int32Array.from(values) : Float32Array.from(values);

const tensorOf = ({ dtype, shape, values }: Operand): Tensor => tf.tensor([...values], [...shape], dtype);

const call = ({ op, attrs, outputs }: ShapeCase, inputs: Tensor[]): Tensor[] =>
  outputs === 1
    ? [backend.executeSingleOutput(op, attrs, inputs)]
    : backend.executeMultipleOutputs(op, attrs, inputs, outputs);

test.each(shapeCases.map((given) => [`${given.op} ${given.note}`, given] as const))(
  '%s: the shape rule and the compiled values are those of the op run by itself',
  (_, given) => {
    const eager = tf.tidy(() =>
      call(given, given.inputs.map(tensorOf)).map(({ shape, dtype, dataId }) => {
        return { shape, dtype, values: backend.readSync(dataId) };
      }),
    );

    const computed = given.inputs.flatMap((input, i) => (input.constant ? [] : [[`x${i}`, input] as const]));
    const inputs: FunctionSpec['inputs'] = Object.fromEntries(
      computed.map(([name, { shape, dtype }]) => [name, { shape, dtype: dtype === 'int32' ? 'int32' : 'float32' }]),
    );
    const traced: { shape: readonly number[]; dtype: string }[] = [];
    const trace: FunctionSpec['trace'] = (fed) => {
      const operands = given.inputs.map((input, i) => {
        if (input.constant) return tensorOf(input);
        return input.dtype === 'bool' ? tf.cast(fed[`x${i}`]!, 'bool') : fed[`x${i}`]!;
      });
      const outputs = call(given, operands);
      for (const { shape, dtype } of outputs) traced.push({ shape, dtype });
      return { outputs: Object.fromEntries(outputs.map((output, i) => [`y${i}`, output])) };
    };
    const program = compile({ variables: new Map(), functions: { op: { inputs, trace } } });
    const compiled = program.run('op', Object.fromEntries(computed.map(([name, input]) => [name, feedOf(input)])));
    program.close();

    expect(program.tracedEagerly).toEqual([]);
    // What a kernel reserves for another is its own affair: oneDNN's is empty where Eigen's is a scalar.
    const described = ({ shape, dtype }: (typeof traced)[number], i: number) => {
      const elements = shape.reduce((product, size) => product * size, 1);
      return i >= given.compared && elements <= 1 ? { dtype } : { shape, dtype };
    };
    expect(traced.map(described)).toEqual(eager.map(described));
    eager.slice(0, given.compared).forEach(({ values }, i) => {
      const found = compiled[`y${i}`]!;
      expect(found).toHaveLength(values.length);
      values.forEach((value, at) =>
        expect(Math.abs(found[at]! - value)).toBeLessThan(1e-5 * Math.max(1, Math.abs(value))),
      );
    });
  },
);

test('every op that has a shape rule is among the cases', () => {
  const covered = new Set(shapeCases.map(({ op }) => op));
  expect(Object.keys(shapeRules).filter((op) => !covered.has(op))).toEqual([]);
});
