import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { jobSchema, type Job } from '../../job/schema.js';
import { mapGpt2Names, parseGpt2Config } from '../../models/families/gpt2.js';
import { readFloats, readSafetensorsHeader } from '../../models/safetensors.js';

export const tinyGpt2 = fileURLToPath(new URL('../fixtures/tiny-gpt2', import.meta.url));

const tokens = z.array(z.int());
const numbers = z.array(z.number());

/** What transformers computes with the tiny model: test/references/tiny_gpt2.py. */
export const expected = z
  .object({
    learningRate: z.number(),
    betas: z.tuple([z.number(), z.number()]),
    epsilon: z.number(),
    weightDecay: z.number(),
    classes: z.int(),
    everyLogit: z.int(),
    loss: z.number(),
    losses: numbers,
    tokenized: z.array(z.object({ text: z.string(), ids: tokens })),
    batches: z.array(z.array(tokens)),
    logits: z.array(numbers),
    gradients: z.array(z.object({ name: z.string(), norm: z.number(), at: tokens, values: numbers })),
    classified: z.array(numbers),
    generated: z.array(z.object({ prompt: tokens, repetitionPenalty: z.number(), tokens })),
    filtered: z.array(
      z.object({
        seen: tokens,
        temperature: z.number(),
        topK: z.int(),
        topP: z.number(),
        repetitionPenalty: z.number(),
        probabilities: numbers,
      }),
    ),
  })
  .parse(JSON.parse(readFileSync(new URL('../fixtures/tiny-gpt2-expected.json', import.meta.url), 'utf8')));

export const jobOf = (task: Job['task'], pooling: Job['pooling'] = 'mean'): Job =>
  jobSchema.parse({ name: 'tiny', task, pooling, model: 'file:tiny-gpt2', data: { source: 'texts.jsonl' } });

export const readJson = (path: string) => JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>;

/** Configuration and weights, by our names. */
export async function openTinyGpt2() {
  const config = parseGpt2Config(readJson(join(tinyGpt2, 'config.json')));
  const header = await readSafetensorsHeader(join(tinyGpt2, 'model.safetensors'));
  const weights = new Map<string, Float32Array>();
  for (const [ours, stored] of mapGpt2Names(header.tensors.keys(), config, jobOf('causal-lm')).inFile) {
    weights.set(ours, await readFloats(header, stored));
  }
  return { config, header, weights };
}

/** Token rows padded at their end as a batch: ids, mask, and the next token of every position with its weight. */
export function languageBatch(rows: readonly (readonly number[])[], bucket: number) {
  const ids = new Int32Array(rows.length * bucket);
  const mask = new Float32Array(rows.length * bucket);
  const labels = new Int32Array(rows.length * bucket);
  const weights = new Float32Array(rows.length * bucket);
  rows.forEach((row, i) => {
    ids.set(row, i * bucket);
    mask.fill(1, i * bucket, i * bucket + row.length);
    labels.set(row.slice(1), i * bucket);
    weights.fill(1, i * bucket, i * bucket + row.length - 1);
  });
  return { ids, mask, labels, weights };
}
