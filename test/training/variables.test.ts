import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, onTestFinished, test } from 'vitest';
import { GraphBuilder } from '../../training/compile/graph.js';
import { compile } from '../../training/compile/program.js';
import type { Tensor } from '../../training/tensorflow.js';

/** Views of one buffer, 4 bytes apart: whatever its address, one of 16 lies on the 64-byte boundary where tfjs-node lends memory. */
const viewsAtEveryAlignment = (length: number): Float32Array[] => {
  const buffer = new ArrayBuffer(16 * 4 + 16 * 4 * length);
  return Array.from({ length: 16 }, (_, i) => new Float32Array(buffer, 4 * i + 4 * length * i, length).fill(i + 1));
};

test('a variable keeps its value whatever becomes of the array it was assigned from', () => {
  const views = viewsAtEveryAlignment(64);
  const program = compile({ variables: new Map(views.map((view, i) => [`v${i}`, [view.length]])), functions: {} });
  views.forEach((view, i) => program.assign(`v${i}`, view));
  for (const view of views) view.fill(0);
  views.forEach((view, i) => expect(program.read(`v${i}`), `array ${i}`).toEqual(view.map(() => i + 1)));
  program.close();
});

test('a program keeps nothing of its tracing: the collector would walk thousands of nodes at each save', async () => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
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
  await new Promise((resolve) => setTimeout(resolve)); // a WeakRef holds what it was given until the turn ends
  collect();
  expect(graph).toBeDefined();
  expect(graph!.deref()).toBeUndefined();
  expect(program.run('f', { x: Float32Array.of(1, 2) })['y']).toEqual(Float32Array.of(2, 3));
  program.close();
});
