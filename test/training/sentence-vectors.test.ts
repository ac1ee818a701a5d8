import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { openTokenizer } from '../../data/tokenize.js';
import { partPaths } from '../../infra/parts.mjs';
import { compile, type FunctionSpec } from '../../training/compile/program.js';
import { evaluationPass } from '../../training/step-functions.js';
import { openBaseModel } from '../support/base-model.js';

const fixtureSchema = z.object({
  maxLength: z.number(),
  sentences: z.array(z.object({ text: z.string(), ids: z.array(z.number()), vector: z.array(z.number()) })),
});
const readFixture = (name: string) =>
  fixtureSchema.parse(JSON.parse(readFileSync(new URL(`../fixtures/${name}`, import.meta.url), 'utf8')));

const cases = [
  { name: 'MiniLM', folder: partPaths().minilm, fixture: 'minilm-sentence-vectors.json' },
  {
    name: 'a tiny random BERT',
    folder: new URL('../fixtures/tiny-bert', import.meta.url).pathname,
    fixture: 'tiny-bert-sentence-vectors.json',
  },
];

test.each(cases)(
  'sentence vectors of $name equal Hugging Face to 1e-4, padding or not',
  async ({ folder, fixture }) => {
    const { maxLength, sentences } = readFixture(fixture);
    const { config, model, weights } = await openBaseModel(folder, 2);
    const tokenizer = await openTokenizer(folder, maxLength);
    const padded = (length: number) => Math.min(config.maxPositions, length + (length % 3 === 0 ? 0 : 5));
    const lengths = new Set(sentences.map(({ ids }) => padded(ids.length)));
    const encodeFunction = (length: number): FunctionSpec => ({
      inputs: { ids: { shape: [1, length], dtype: 'int32' }, mask: { shape: [1, length], dtype: 'float32' } },
      trace: ({ ids, mask }, variable) => ({
        outputs: { vector: model.features(variable, { ids: ids!, mask: mask! }, evaluationPass) },
      }),
    });
    const functions = Object.fromEntries([...lengths].map((length) => [`encode/${length}`, encodeFunction(length)]));
    const variables = new Map(
      model.tensors.filter(({ name }) => weights.has(name)).map(({ name, shape }) => [name, shape]),
    );
    const program = compile({ variables, functions });
    for (const [name, values] of weights) program.assign(name, values);

    for (const { text, ids, vector } of sentences) {
      expect([...tokenizer.encode(text)]).toEqual(ids);
      const length = padded(ids.length);
      const feeds = { ids: new Int32Array(length), mask: new Float32Array(length) };
      feeds.ids.set(ids);
      feeds.mask.fill(1, 0, ids.length);
      const ours = program.run(`encode/${length}`, feeds)['vector']!;
      const worst = Math.max(...vector.map((value, i) => Math.abs(value - ours[i]!)));
      expect(worst, text).toBeLessThan(1e-4);
    }
    program.close();
  },
  120_000,
);
