import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { copyFixture, writeImages, writeJob, writeTable } from '../support/own-models.js';
import { expectExit, startRun, watchToEnd } from '../support/runs.js';
import { startTestStack, type TestStack } from '../support/stack.js';

const gloss = { source: 'tiny-glosses.jsonl', text: 'gloss' };
const jobs = {
  bert: {
    task: 'text-classification',
    model: 'file:tiny-bert',
    data: { ...gloss, label: 'topic', maxLength: 24 },
  },
  resnet: { task: 'image-classification', model: 'file:tiny-resnet', data: { source: 'images' } },
  mlp: {
    task: 'tabular-classification',
    model: 'mlp',
    data: { source: 'table.csv', label: 'kind', features: { numeric: ['a', 'b'], categorical: ['colour'] } },
  },
  gpt2: { task: 'causal-lm', model: 'file:tiny-gpt2', data: { ...gloss, maxLength: 16 } },
};

/** What each is asked; the texts are of unlike lengths. */
const inputs = {
  bert: ['a small bird', 'the food that is eaten at noon by whoever works in the fields, with bread'],
  resnet: ['images/red/0.png', 'images/blue/3.png'],
  mlp: ['{"a": 1, "b": 2, "colour": "red"}', '{"a": -1.5, "colour": "mauve"}'],
};

const forms = ['safetensors', 'saved-model', 'tfjs-graph'] as const;

/** With KEEP_EXPORTS=FOLDER the exports stay there. */
describe('one model in every form', () => {
  let stack: TestStack;
  const runs: Record<string, string> = {};

  beforeAll(async () => {
    stack = await startTestStack();
    await writeImages(stack.directory);
    writeTable(stack.directory);
    for (const name of ['tiny-bert', 'tiny-resnet', 'tiny-gpt2', 'tiny-glosses.jsonl'])
      copyFixture(stack.directory, name);
    for (const [name, job] of Object.entries(jobs)) {
      runs[name] = await startRun(stack, writeJob(stack.directory, name, job));
    }
    for (const run of Object.values(runs)) expect(await watchToEnd(stack, run)).toMatchObject({ state: 'done' });
  }, 400_000);
  afterAll(() => stack.stop());

  const folderOf = (name: string, form: string) => join(process.env['KEEP_EXPORTS'] ?? stack.directory, name, form);

  const exported = async (name: string, form: string) => {
    const folder = folderOf(name, form);
    const said = expectExit(
      await stack.temper(['export', runs[name]!, '--to', folder, '--format', form, '--force', '--json']),
    );
    return { folder, ...(JSON.parse(said) as { fixed: string[]; files: { name: string }[] }) };
  };

  const scoresOf = async (model: string, asked: readonly string[]) => {
    const lines = expectExit(await stack.temper(['predict', model, ...asked, '--json']))
      .trim()
      .split('\n');
    return lines.map((line) => (JSON.parse(line) as { scores: Record<string, number> }).scores);
  };

  it.each(Object.keys(inputs) as (keyof typeof inputs)[])('%s: every folder says what the run says', async (name) => {
    const asked = inputs[name];
    const expected = await scoresOf(runs[name]!, asked);
    const check = async (form: string) => {
      const { folder, fixed, files } = await exported(name, form);
      expect(fixed).toEqual([]);
      expect(files.map((file) => file.name)).toContain('temper.json');
      if (name === 'bert') expect(files.map((file) => file.name)).toContain('tokenizer.json');
      for (const [i, scores] of (await scoresOf(folder, asked)).entries()) {
        for (const [label, score] of Object.entries(expected[i]!)) {
          expect(Math.abs(scores[label]! - score), `${form} ${label}`).toBeLessThan(1e-5);
        }
      }
    };
    await Promise.all(forms.map(check));
  });

  it('a language model goes on with texts out of its safetensors, and says which sizes its other forms fix', async () => {
    const generated = async (model: string) =>
      expectExit(await stack.temper(['predict', model, 'the small', '--max-new-tokens', '8', '--json']));
    const [{ folder }, saved] = await Promise.all([exported('gpt2', 'safetensors'), exported('gpt2', 'saved-model')]);
    expect(await generated(folder)).toBe(await generated(runs['gpt2']!));
    expect(saved.fixed.join()).toMatch(/^texts of exactly 16 tokens: /);
    const { code, stderr } = await stack.temper(['predict', saved.folder, 'the small']);
    expect(code).toBe(2);
    expect(stderr).toMatch(/a language model goes on with texts from model\.safetensors/);
  });
});
