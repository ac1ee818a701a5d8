import { readFileSync } from 'node:fs';
import { expect, test, vi } from 'vitest';
import { z } from 'zod';
import { layoutFor } from '../../models/job-fit.js';
import { GraphBuilder } from '../../training/compile/graph.js';
import { compile } from '../../training/compile/program.js';
import { initialWeights } from '../../training/initial-weights.js';
import { mergedWeights, withLora } from '../../training/lora.js';
import type { Model, Parameters } from '../../training/model.js';
import { linear } from '../../training/ops/linear.js';
import { tf, type Tensor } from '../../training/tensorflow.js';
import { jobOf } from './job-of.js';
import { openModel } from './open-model.js';
import { evaluation, feedsOf, fixturePath, runModel, worst } from './tiny-encoders.js';

const numbers = z.array(z.number());
const fixture = z
  .object({
    rank: z.number(),
    alpha: z.number(),
    ids: z.array(numbers),
    mask: z.array(numbers),
    labels: numbers,
    loss: z.number(),
    logits: numbers,
    gradients: z.array(z.object({ tensor: z.string(), a: numbers, b: numbers })),
  })
  .parse(JSON.parse(readFileSync(fixturePath('tiny-bert-lora.json'), 'utf8')));
const labels = ['a', 'b', 'c'];
const lora = { rank: fixture.rank, alpha: fixture.alpha };
const job = jobOf({ lora });

const wave = (count: number, phase: number, height = 0.1) =>
  Float32Array.from({ length: count }, (_, i) => height * Math.sin(0.37 * i + phase));

/** Worst difference, relative to the largest value. */
const deviation = (found: ArrayLike<number>, expected: readonly number[]): number =>
  worst(found, expected) / Math.max(...expected.map(Math.abs));

/** The base with the fixture's adapters and head. */
async function adapted() {
  const { folder, model, weights } = await openModel(fixturePath('tiny-bert'), job, labels);
  const layout = layoutFor(job, folder, labels.length);
  layout.adapters.forEach(({ a, b }, i) => {
    weights.set(a.name, wave(64, i));
    weights.set(b.name, wave(64, i + 0.5));
  });
  weights.set('head.weight', wave(96, 9, 1));
  weights.set('head.bias', new Float32Array(3));
  return { base: model, model: withLora(model, layout.adapters, lora), layout, weights };
}

/** Loss and gradients by the adapters, compiled as a training step is. */
function gradientsOf(model: Model, trainable: readonly string[], weights: ReadonlyMap<string, Float32Array>) {
  const [rows, length] = [fixture.ids.length, fixture.ids[0]!.length];
  const program = compile({
    variables: new Map(model.tensors.map(({ name, shape }) => [name, shape])),
    functions: {
      step: {
        inputs: { ...model.inputs(rows, length), labels: { shape: [rows], dtype: 'int32' } },
        trace(inputs, variable) {
          const loss = (...trained: Tensor[]) => {
            const byName = new Map(trainable.map((name, i) => [name, trained[i]!]));
            const parameters = (name: string) => byName.get(name) ?? variable(name);
            const logits = model.outputs(
              parameters,
              model.features(parameters, inputs, evaluation),
              inputs,
              evaluation,
            );
            const chosen = tf.oneHot(inputs['labels']!, labels.length);
            return tf.neg(tf.mean(tf.sum(tf.mul(tf.logSoftmax(logits), chosen), 1))) as never;
          };
          const { value, grads } = tf.valueAndGrads(loss)(trainable.map(variable));
          return { outputs: { loss: value, ...Object.fromEntries(trainable.map((name, i) => [name, grads[i]!])) } };
        },
      },
    },
  });
  for (const { name } of model.tensors) program.assign(name, weights.get(name)!);
  const fetched = program.run('step', { ...feedsOf(fixture), labels: Int32Array.from(fixture.labels) });
  program.close();
  return fetched;
}

test('adapters of query and value give the loss and the gradients that PyTorch does', async () => {
  const { model, layout, weights } = await adapted();
  const names = layout.adapters.flatMap(({ a, b }) => [a.name, b.name]);
  expect(layout.adapters.map(({ tensor }) => tensor)).toEqual(fixture.gradients.map(({ tensor }) => tensor));
  const fetched = gradientsOf(model, names, weights);
  expect(Math.abs(fetched['loss']![0]! - fixture.loss)).toBeLessThan(1e-5);
  layout.adapters.forEach(({ a, b }, i) => {
    expect(deviation(fetched[a.name]!, fixture.gradients[i]!.a), a.name).toBeLessThan(1e-4);
    expect(deviation(fetched[b.name]!, fixture.gradients[i]!.b), b.name).toBeLessThan(1e-4);
  });
});

test('a layer that does not ask for the parts of an adapted matrix gets their sum, with the same gradients', async () => {
  const { base, layout, weights } = await adapted();
  const names = layout.adapters.flatMap(({ a, b }) => [a.name, b.name]);
  // Hides `adapter` from the model, as a layer of `dense` alone does.
  const bare: Model = {
    ...base,
    features: (parameters: Parameters, inputs, pass) => base.features((name) => parameters(name), inputs, pass),
  };
  const fetched = gradientsOf(withLora(bare, layout.adapters, lora), names, weights);
  layout.adapters.forEach(({ a, b }, i) => {
    expect(deviation(fetched[a.name]!, fixture.gradients[i]!.a), a.name).toBeLessThan(1e-4);
    expect(deviation(fetched[b.name]!, fixture.gradients[i]!.b), b.name).toBeLessThan(1e-4);
  });
});

test('the merged weights, without adapters, give the same scores; other tensors are read as they are', async () => {
  const { base, model, layout, weights } = await adapted();
  const read = mergedWeights(layout.adapters, lora, (name) => weights.get(name)!);
  const merged = new Map(base.tensors.map(({ name }) => [name, read(name)]));
  expect(worst(runModel(model, weights, fixture).outputs, fixture.logits)).toBeLessThan(1e-5);
  expect(worst(runModel(base, merged, fixture).outputs, fixture.logits)).toBeLessThan(1e-5);
  const changed = base.tensors.filter(({ name }) => merged.get(name) !== weights.get(name)).map(({ name }) => name);
  expect(changed).toEqual(fixture.gradients.map(({ tensor }) => tensor));
});

test('new adapters change nothing: A is uniform within 1 / sqrt(in), B zero', async () => {
  const { base, model, layout, weights } = await adapted();
  for (const spec of layout.adapters.flatMap(({ a, b }) => [a, b])) {
    weights.set(spec.name, initialWeights(spec, 0.02, 7));
  }
  const a = weights.get(layout.adapters[0]!.a.name)!;
  const bound = 1 / Math.sqrt(32);
  expect(a.every((value) => Math.abs(value) <= bound)).toBe(true);
  expect(Math.max(...a)).toBeGreaterThan(0.8 * bound);
  expect(Math.min(...a)).toBeLessThan(-0.8 * bound);
  expect(weights.get(layout.adapters[0]!.b.name)).toEqual(new Float32Array(64));
  expect(runModel(model, weights, fixture).outputs).toEqual(runModel(base, weights, fixture).outputs);
});

test('the adapters stand between base and head, and only they and the head train', async () => {
  const { model, layout } = await adapted();
  const names = model.tensors.map(({ name }) => name);
  expect(names.findIndex((name) => name.startsWith('lora.'))).toBe(37);
  expect(names.slice(-2)).toEqual(['head.weight', 'head.bias']);
  expect(layout.trainable).toEqual(names.slice(37).sort());
  expect(layout.trainableParameters).toBe(4 * 2 * 64 + 99);
  expect(layout.phases).toEqual([{ fromEpoch: 0, trainable: layout.trainable }]);
});

test("a frozen matrix's gradient is nothing that a step runs, however its layer is written", () => {
  const nodes = new Map<string, { readonly op: string; readonly inputs: readonly string[] }>();
  const original = GraphBuilder.prototype.add;
  const add = vi.spyOn(GraphBuilder.prototype, 'add').mockImplementation(function (this: GraphBuilder, ...given) {
    const ref = original.apply(this, given);
    nodes.set(ref, { op: given[0], inputs: given[1] });
    return ref;
  });
  const shapes = { 'q.weight': [4, 3], 'q.bias': [4], a: [2, 3], b: [4, 2] };
  const program = compile({
    variables: new Map(Object.entries(shapes)),
    functions: {
      step: {
        inputs: { x: { shape: [5, 3], dtype: 'float32' } },
        trace({ x }, variable) {
          const loss = (a: Tensor, b: Tensor) => {
            const adapter = () => ({ weight: variable('q.weight'), a, b, scale: 2 });
            return tf.sum(
              linear(
                Object.assign((name: string) => variable(name), { adapter }),
                x!,
                'q',
              ),
            ) as never;
          };
          const { grads } = tf.valueAndGrads(loss as never)([variable('a'), variable('b')]);
          return { outputs: { a: grads[0]!, b: grads[1]! } };
        },
      },
    },
  });
  program.close();
  add.mockRestore();
  const reached = new Set<string>();
  const visit = (ref: string): void => {
    const name = ref.replace(/^\^/, '').replace(/:\d+$/, '');
    if (reached.has(name)) return;
    reached.add(name);
    nodes.get(name)!.inputs.forEach(visit);
  };
  ['step/out/a', 'step/out/b'].forEach(visit);
  const products = (names: Iterable<string>) => [...names].filter((name) => nodes.get(name)!.op === 'MatMul').length;
  // x · aᵀ, and the gradients of a, of b and of what is between them; not x · Wᵀ, whose value nothing here asks for.
  expect(products(reached)).toBe(4);
  expect(products(nodes.keys())).toBeGreaterThan(4);
});
