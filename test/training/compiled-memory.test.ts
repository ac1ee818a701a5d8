import { expect, onTestFinished, test } from 'vitest';
import { GraphBuilder } from '../../training/compile/graph.js';
import { compile } from '../../training/compile/program.js';
import type { Tensor } from '../../training/tensorflow.js';
import { collectGarbage } from '../support/collect-garbage.js';

test('a program keeps nothing of its tracing: the collector would walk thousands of nodes at each save', async () => {
  let graph: WeakRef<GraphBuilder> | undefined;
  const original = GraphBuilder.prototype.add;
  GraphBuilder.prototype.add = function (...given) {
    graph ??= new WeakRef(this);
    return original.apply(this, given);
  };
  onTestFinished(() => void (GraphBuilder.prototype.add = original));
  const trace = ({ x }: Record<string, Tensor>) => ({ outputs: { y: x!.add(1) } });
  const program = compile({
    variables: new Map([['v', [1]]]),
    functions: { f: { inputs: { x: { shape: [2], dtype: 'float32' } }, trace } },
  });
  await collectGarbage();
  expect(graph).toBeDefined();
  expect(graph!.deref()).toBeUndefined();
  expect(program.run('f', { x: Float32Array.of(1, 2) })['y']).toEqual(Float32Array.of(2, 3));
  program.close();
});
