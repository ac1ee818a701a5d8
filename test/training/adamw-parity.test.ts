import { readFileSync } from 'node:fs';
import { beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { partPaths } from '../../infra/parts.mjs';
import { classRows, elements, jobOn, openBaseModel, trainerOf } from '../support/base-model.js';

const sampled = z.object({
  name: z.string(),
  at: z.array(z.number()),
  initial: z.array(z.number()),
  final: z.array(z.number()),
});
const schema = z.object({
  batchSize: z.number(),
  classes: z.number(),
  learningRate: z.number(),
  weightDecay: z.number(),
  clipNorm: z.number(),
  batches: z.array(
    z.object({
      loss: z.number(),
      gradientNorm: z.number(),
      length: z.number(),
      labels: z.array(z.number()),
      ids: z.array(z.array(z.number())),
    }),
  ),
  tensors: z.array(sampled.extend({ shape: z.array(z.number()), gradientIsZero: z.boolean(), changeNorm: z.number() })),
  decayOnly: sampled,
});
const torch = schema.parse(
  JSON.parse(readFileSync(new URL('../fixtures/minilm-adamw-50-steps.json', import.meta.url), 'utf8')),
);

const losses: number[] = [];
const norms: number[] = [];
const before = new Map<string, Float32Array>();
const after = new Map<string, Float32Array>();

/** The fixture has the head as (in, out); ours is (out, in), as torch's Linear. */
function headWeight(hidden: number): Float32Array {
  const values = new Float32Array(torch.classes * hidden);
  for (let i = 0; i < hidden; i++) {
    for (let j = 0; j < torch.classes; j++)
      values[j * hidden + i] = 0.02 * Math.sin(0.37 * (i * torch.classes + j) + 1);
  }
  return values;
}

const ourIndex = (name: string, at: number, hidden: number) =>
  name === 'head.weight' ? (at % torch.classes) * hidden + Math.floor(at / torch.classes) : at;

let hidden = 0;
beforeAll(async () => {
  const { batchSize, learningRate, weightDecay, clipNorm } = torch;
  const rates = `learningRate: ${learningRate}, schedule: constant, warmupSteps: 0`;
  const job = jobOn(
    partPaths().minilm,
    `batchSize: ${batchSize}, dropout: 0, clipNorm: ${clipNorm}, weightDecay: ${weightDecay}, ${rates}`,
  );
  const { config, model, weights } = await openBaseModel(partPaths().minilm, torch.classes, job);
  hidden = config.hiddenSize;
  const batches = torch.batches.map(({ ids, labels }) => classRows(ids, labels, 32));
  const classifier = trainerOf(job, model, torch.classes, batches);
  for (const [name, shape] of classifier.variables) {
    const initial =
      name === 'head.weight' ? headWeight(hidden) : (weights.get(name) ?? new Float32Array(elements(shape)));
    classifier.assign(name, initial);
    before.set(name, initial);
  }
  const rows = Int32Array.from({ length: batchSize }, (_, i) => i);
  for (const [i, examples] of batches.entries()) {
    const result = classifier.trainStep(examples, [rows], { epoch: 0, step: i + 1, seed: 7, learningRate });
    losses.push(result.loss);
    norms.push(result.gradientNorm);
  }
  for (const { name } of model.tensors) after.set(name, classifier.read(name));
  classifier.close();
}, 240_000);

test('the losses of 50 steps follow PyTorch to 1e-3', () => {
  torch.batches.forEach(({ loss }, step) =>
    expect(Math.abs(losses[step]! - loss), `step ${step + 1}`).toBeLessThan(1e-3),
  );
});

test('the gradient norms of 50 steps follow PyTorch to 1 %', () => {
  torch.batches.forEach(({ gradientNorm }, step) =>
    expect(Math.abs(norms[step]! / gradientNorm - 1), `step ${step + 1}`).toBeLessThan(0.01),
  );
});

test('every tensor changes as in PyTorch, to 1 % of its change', () => {
  const moving = torch.tensors.filter(({ gradientIsZero }) => !gradientIsZero);
  expect(moving.length).toBeGreaterThan(90);
  for (const { name, at, initial, final, changeNorm } of moving) {
    const [from, to] = [before.get(name)!, after.get(name)!];
    let [difference, change, ours] = [0, 0, 0];
    at.forEach((index, i) => {
      const place = ourIndex(name, index, hidden);
      expect(from[place], `${name}[${index}] at the start`).toBeCloseTo(initial[i]!, 6);
      difference += (to[place]! - from[place]! - (final[i]! - initial[i]!)) ** 2;
      change += (final[i]! - initial[i]!) ** 2;
    });
    expect(Math.sqrt(difference / change), name).toBeLessThanOrEqual(0.01);
    for (let i = 0; i < to.length; i++) ours += (to[i]! - from[i]!) ** 2;
    expect(Math.abs(Math.sqrt(ours) / changeNorm - 1), `${name}, its whole change`).toBeLessThanOrEqual(0.01);
  }
});

test('weights that no batch uses only decay', () => {
  const { name, at, initial, final } = torch.decayOnly;
  at.forEach((index, i) => {
    const expected = final[i]! - initial[i]!;
    const found = after.get(name)![index]! - before.get(name)![index]!;
    expect(Math.abs(found - expected), `${name}[${index}]`).toBeLessThanOrEqual(0.1 * Math.abs(expected) + 2 ** -24);
  });
});
