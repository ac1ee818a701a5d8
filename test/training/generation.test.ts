import { afterAll, beforeAll, expect, test } from 'vitest';
import { generationSchema, type GenerationSettings } from '../../models/generation-settings.js';
import { compile, type Program } from '../../training/compile/program.js';
import { generate } from '../../training/generation/generate.js';
import { gpt2Decoder } from '../../training/generation/gpt2-decoder.js';
import type { Decoder } from '../../training/generation/decoder.js';
import { gpt2Tensors } from '../../models/families/gpt2.js';
import { expected, openTinyGpt2 } from '../support/tiny-gpt2.js';

const [ROWS, POSITIONS] = [4, 40];
let decoder: Decoder;
let program: Program;
const settings = (some: Partial<GenerationSettings>) => generationSchema.parse(some);

beforeAll(async () => {
  const { config, weights } = await openTinyGpt2();
  decoder = gpt2Decoder(config, { rows: ROWS, buckets: [16, 4], positions: POSITIONS });
  const variables = new Map([
    ...gpt2Tensors(config).map(({ name, shape }) => [name, shape] as const),
    ...decoder.variables,
  ]);
  program = compile({ variables, functions: decoder.functions });
  for (const [name, values] of weights) program.assign(name, values);
});
afterAll(() => program.close());

/** What follows each prompt. */
async function continued(
  prompts: readonly (readonly number[])[],
  some: Partial<GenerationSettings>,
  endOfTextId: number | null = null,
): Promise<number[][]> {
  const texts: number[][] = prompts.map(() => []);
  for await (const tokens of generate(program, decoder, prompts, settings(some), endOfTextId)) {
    tokens.forEach((token, row) => token !== null && texts[row]!.push(token));
  }
  return texts;
}

test.each([1, 1.4])(
  'greedy texts are those of transformers, with a repetition penalty of %d',
  async (repetitionPenalty) => {
    const cases = expected.generated.filter((each) => each.repetitionPenalty === repetitionPenalty);
    expect(cases).toHaveLength(3);
    const prompts = cases.map(({ prompt }) => prompt);
    const all = cases.map(({ tokens }) => tokens);
    const options = { maxNewTokens: all[0]!.length, repetitionPenalty };
    expect(await continued(prompts, options)).toEqual(all);
    // Alone, and in the smaller bucket, after the cache has held other texts.
    expect(await continued([prompts[2]!], options)).toEqual([all[2]]);
  },
);

test('a text ends after the end of text, and the others go on', async () => {
  const cases = expected.generated.slice(0, 3);
  const end = cases[2]!.tokens[6]!;
  expect(cases[0]!.tokens).not.toContain(end);
  const texts = await continued(
    cases.map(({ prompt }) => prompt),
    { maxNewTokens: 24 },
    end,
  );
  expect(texts).toEqual([cases[0]!.tokens, cases[1]!.tokens, cases[2]!.tokens.slice(0, 7)]);
  expect(await continued([cases[2]!.prompt], { maxNewTokens: 24 }, end)).toEqual([cases[2]!.tokens.slice(0, 7)]);
});

test('the same seed draws the same text, another seed another, and a shorter one is its beginning', async () => {
  const prompts = expected.generated.slice(0, 3).map(({ prompt }) => prompt);
  const some = { maxNewTokens: 20, temperature: 1, topK: 50, topP: 0.95 };
  const first = await continued(prompts, some);
  expect(await continued(prompts, some)).toEqual(first);
  expect(await continued(prompts, { ...some, maxNewTokens: 7 })).toEqual(first.map((text) => text.slice(0, 7)));
  expect(await continued(prompts, { ...some, seed: 8 })).not.toEqual(first);
  expect(await continued([prompts[0]!, prompts[0]!], some), 'one prompt twice is two draws').toHaveLength(2);
  const [one, other] = await continued([prompts[0]!, prompts[0]!], some);
  expect(one).toEqual(first[0]);
  expect(other).not.toEqual(one);
});

test('a text that was begun goes on as it would have', async () => {
  const { prompt } = expected.generated[0]!;
  const some = { temperature: 0.8, maxNewTokens: 12 };
  const [whole] = await continued([prompt], some);
  const [rest] = await continued([[...prompt, ...whole!.slice(0, 5)]], { ...some, maxNewTokens: 7 });
  expect(rest).toEqual(whole!.slice(5));
});

test('the cache can be filled to its last place', async () => {
  const { prompt, tokens } = expected.generated[1]!;
  const [text] = await continued([prompt], { maxNewTokens: POSITIONS + 1 - prompt.length });
  expect(text).toHaveLength(POSITIONS + 1 - prompt.length);
  expect(text!.slice(0, tokens.length)).toEqual(tokens);
});

test.each([
  [[[]], /prompt 1: expected at least one token/],
  [
    [[1], new Array<number>(30).fill(1)],
    /prompt 2: expected at most 41 tokens with those to come, found 30 and maxNewTokens 12/,
  ],
  [[new Array<number>(17).fill(1)], /prompts: expected at most 16 tokens, found one with 17/],
  [[[1], [1], [1], [1], [1]], /expected 1 to 4 prompts, found 5/],
])('prompts that do not fit are refused: %j', async (prompts, sentence) => {
  await expect(continued(prompts, { maxNewTokens: 12 })).rejects.toThrow(sentence);
});
