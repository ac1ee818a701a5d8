import { expect, test } from 'vitest';
import { typeAttribute } from '../../training/compile/attributes.js';
import { compile, type FunctionSpec, type ProgramSpec } from '../../training/compile/program.js';
import { NonFiniteStep, Uncompilable } from '../../training/compile/problems.js';
import { scope } from '../../training/compile/scope.js';
import { finiteOrStop } from '../../training/ops/finite.js';
import { binding, tf, type Tensor } from '../../training/tensorflow.js';

const T = typeAttribute(binding.TF_FLOAT);

/** w ← w - rate · ∂ sum(spoil(x · w)²) / ∂w; seen counts the steps. */
const step = (spoil: (y: Tensor) => Tensor): FunctionSpec => ({
  inputs: { x: { shape: [2, 3], dtype: 'float32' }, rate: { shape: [], dtype: 'float32' } },
  trace({ x, rate }, variable) {
    const loss = (w: Tensor) => tf.sum(tf.square(scope('layer.1', () => spoil(tf.matMul(x!, w))))) as never;
    const { value, grad } = tf.valueAndGrad(loss)(variable('w'));
    finiteOrStop(value, 'loss');
    const seen = tf.add(variable('seen'), 1);
    return {
      outputs: { loss: value, gradient: grad },
      update: ({ graph, handle, ref }) => [
        graph.add('ResourceApplyGradientDescent', [handle('w'), ref(rate!), ref(grad)], { T }),
        graph.add('AssignVariableOp', [handle('seen'), ref(seen)], { dtype: T }),
      ],
    };
  },
});

/** Scales by the largest value, read in JavaScript: nothing that a graph can hold. */
const readsValues = (y: Tensor) => tf.div(y, tf.max(tf.abs(y)).dataSync()[0]! + 1) as Tensor;
const compilable = (y: Tensor) => tf.div(y, tf.add(tf.max(tf.abs(y)), 1)) as Tensor;

const variables = new Map([
  ['w', [3, 2]],
  ['seen', []],
]);

/** Losses, gradients and variables after each of three steps. */
function threeSteps(function_: FunctionSpec, onUncompilable?: ProgramSpec['onUncompilable']) {
  const program = compile({ variables, functions: { step: function_ }, ...(onUncompilable && { onUncompilable }) });
  program.assign('w', Float32Array.of(1, -2, 3, 0.5, -1, 2));
  program.assign('seen', Float32Array.of(0));
  const x = Float32Array.of(1, 2, 3, -1, 0, 2);
  const results = [0.1, 0.05, 0.2].map((rate) => {
    const outputs = program.run('step', { x, rate: Float32Array.of(rate) });
    return [...outputs['loss']!, ...outputs['gradient']!, ...program.read('w'), ...program.read('seen')];
  });
  const spoilt = () => program.run('step', { x: x.map(() => NaN), rate: Float32Array.of(1) });
  return { results, spoilt, program };
}

test('a function that reads values runs op by op, with a warning that names op and layer, and its steps are the right ones', () => {
  const told: [string, Uncompilable][] = [];
  const eager = threeSteps(step(readsValues), (...problem) => void told.push(problem));
  // Its gradient takes the divisor for a constant: so does this compiled one.
  const constant = (y: Tensor) =>
    tf.customGrad((y) => ({
      value: compilable(y as Tensor),
      gradFunc: (dy) => tf.div(dy, tf.add(tf.max(tf.abs(y as Tensor)), 1)),
    }))(y);
  const compiled = threeSteps(step(constant));
  eager.results.flat().forEach((value, i) => expect(value).toBeCloseTo(compiled.results.flat()[i]!, 5));
  expect(eager.program.read('seen')[0]).toBe(3);
  expect(told.map(([name, { op, scope }]) => [name, op, scope])).toEqual([['step', 'Max', 'layer.1']]);
  const held = [tf.memory().numTensors, binding.getNumOfTensors()];
  eager.program.run('step', { x: new Float32Array(6), rate: Float32Array.of(0) });
  expect([tf.memory().numTensors, binding.getNumOfTensors()], 'a step keeps no tensor').toEqual(held);
  for (const { program } of [eager, compiled]) program.close();
});

test('without someone to tell, such a function is an error', () => {
  expect(() => threeSteps(step(readsValues))).toThrow(Uncompilable);
});

test.each([
  ['compiled', compilable],
  ['op by op', readsValues],
])('a loss that is not finite stops a step %s and leaves every variable bit for bit', (_, spoil) => {
  const { spoilt, program } = threeSteps(step(spoil), () => {});
  const before = [...variables.keys()].map((name) => program.read(name));
  expect(spoilt).toThrow(NonFiniteStep);
  expect(spoilt).toThrow('loss is NaN; the step was not taken and every variable is as before it');
  expect([...variables.keys()].map((name) => program.read(name))).toEqual(before);
  program.run('step', { x: new Float32Array(6), rate: Float32Array.of(0) });
  expect(program.read('seen')[0], 'the session still works').toBe(4);
  program.close();
});

test('equal programs have equal digests, others do not', () => {
  const digests = [compilable, compilable, (y: Tensor) => compilable(tf.neg(y))].map((spoil) => {
    const program = compile({ variables, functions: { step: step(spoil) } });
    program.close();
    return program.digest;
  });
  expect(digests[0]).toMatch(/^[0-9a-f]{64}$/);
  expect(digests[1]).toBe(digests[0]);
  expect(digests[2]).not.toBe(digests[0]);
});
