import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { stringify } from 'yaml';
import { repositoryRoot } from '../../infra/parts/root.mjs';

/** Data on which every small model of the user's own can be trained, and jobs over it. */
const fixtures = join(repositoryRoot(), 'test', 'fixtures');

const colours = { blue: [40, 40, 200], green: [40, 200, 40], red: [200, 40, 40] } as const;

/** `images/COLOUR/N.png`: 12 of each colour, 16 x 16 pixels. */
export async function writeImages(directory: string): Promise<void> {
  for (const [name, rgb] of Object.entries(colours)) {
    mkdirSync(join(directory, 'images', name), { recursive: true });
    for (let i = 0; i < 12; i++) {
      const data = Buffer.from(
        Array.from({ length: 16 * 16 * 3 }, (_, p) => rgb[p % 3]! + 30 * Math.sin(p * (i + 1) * 0.13)),
      );
      const raw = { width: 16, height: 16, channels: 3 } as const;
      await sharp(data, { raw })
        .png()
        .toFile(join(directory, 'images', name, `${i}.png`));
    }
  }
}

/** `table.csv`: two numbers, a category of four, a class and a value. */
export function writeTable(directory: string): void {
  const rows = Array.from({ length: 120 }, (_, i) => {
    const [a, b] = [5 * Math.sin(1.7 * i), 3 * Math.cos(2.3 * i)];
    const colour = ['red', 'green', 'blue', 'grey'][i % 4]!;
    return [a.toFixed(3), b.toFixed(3), colour, a + b > 0 ? 'up' : 'down', (2 * a - b).toFixed(3)].join();
  });
  writeFileSync(join(directory, 'table.csv'), ['a,b,colour,kind,price', ...rows, ''].join('\n'));
}

/** `words.jsonl`, texts of five known words, and a tokenizer.json for the eleven tokens of the fixture words.keras. */
export function writeWords(directory: string): void {
  const words = ['one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine'];
  const rows = Array.from({ length: 60 }, (_, i) => {
    const text = Array.from({ length: 5 }, (_, k) => words[Math.floor((577 * i + 13) / 9 ** k) % 9]).join(' ');
    return JSON.stringify({ text, label: ['low', 'middle', 'high'][i % 3] });
  });
  writeFileSync(join(directory, 'words.jsonl'), `${rows.join('\n')}\n`);
  const vocab = Object.fromEntries(['[PAD]', '[UNK]', ...words].map((word, id) => [word, id]));
  const tokenizer = {
    version: '1.0',
    added_tokens: [],
    normalizer: null,
    pre_tokenizer: { type: 'WhitespaceSplit' },
    post_processor: null,
    decoder: null,
    model: {
      type: 'WordPiece',
      vocab,
      unk_token: '[UNK]',
      continuing_subword_prefix: '##',
      max_input_chars_per_word: 100,
    },
  };
  writeFileSync(join(directory, 'tokenizer.json'), JSON.stringify(tokenizer));
}

/** Copies a fixture, or one file of it, into the folder under its own name. */
export const copyFixture = (directory: string, name: string): void =>
  cpSync(join(fixtures, name), join(directory, name.split('/').at(-1)!), { recursive: true });

/** The module that docs/own-models.md shows, whole. */
export function writeDocsModule(directory: string): void {
  const docs = readFileSync(join(repositoryRoot(), 'docs', 'own-models.md'), 'utf8');
  writeFileSync(join(directory, 'my-model.mjs'), /```js\n([\s\S]*?)```/.exec(docs)![1]!);
}

/** A short job; returns the file's name. */
export function writeJob(directory: string, name: string, job: Readonly<Record<string, unknown>>): string {
  const train = { epochs: 1, batchSize: 8, learningRate: 1e-2, warmupSteps: 1, ...(job['train'] as object) };
  writeFileSync(join(directory, `${name}.yaml`), stringify({ name, ...job, train }));
  return `${name}.yaml`;
}
