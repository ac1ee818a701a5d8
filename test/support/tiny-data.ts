/** Small sources of every kind of data, made on the spot and always the same. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { seededRandom } from './random.js';

const SUBJECTS = ['the bird', 'a small stone', 'the food', 'an old person', 'the animal', 'a kind of plant'];
const VERBS = ['sings', 'falls', 'is served', 'walks', 'sleeps', 'grows'];
const PLACES = ['at night', 'in the garden', 'for the king', 'by the sea', 'on a hill'];

/** Which row is read when: a sixth is validated, a sixth tested. */
const partOf = (row: number): string => (row % 6 === 4 ? 'validation' : row % 6 === 5 ? 'test' : 'train');

const sentenceOf = (row: number) => {
  const pick = (from: readonly string[], stride: number) => from[(row * stride + (row >> 3)) % from.length]!;
  return [pick(SUBJECTS, 5), pick(VERBS, 7), pick(PLACES, 3)] as const;
};

const jsonl = (rows: readonly object[]): string => rows.map((row) => `${JSON.stringify(row)}\n`).join('');

async function written(folder: string, name: string, text: string): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, text);
  return path;
}

/** Columns `text`, `second`, `label` (one of three), `labels` (any of three) and `part`. */
export const writeTexts = (folder: string, rows: number): Promise<string> =>
  written(
    folder,
    'texts.jsonl',
    jsonl(
      Array.from({ length: rows }, (_, row) => {
        const [subject, verb, place] = sentenceOf(row);
        const labels = ['alive', 'moving', 'outside'].filter((_, i) => ((row >> i) & 1) === 1);
        const text = `${subject} ${verb} ${place} ${row}`;
        return { text, second: `${place} ${verb}`, label: ['one', 'two', 'three'][row % 3], labels, part: partOf(row) };
      }),
    ),
  );

/** Columns `words`, `tags` (O, B-WHO, I-WHO, B-PLACE, I-PLACE) and `part`. */
export const writeTagged = (folder: string, rows: number): Promise<string> =>
  written(
    folder,
    'tagged.jsonl',
    jsonl(
      Array.from({ length: rows }, (_, row) => {
        const [subject, verb, place] = sentenceOf(row).map((part) => part.split(' '));
        const entity = (kind: string, words: readonly string[]) => words.map((_, i) => `${i ? 'I' : 'B'}-${kind}`);
        const tags = [...entity('WHO', subject!), ...verb!.map(() => 'O'), ...entity('PLACE', place!), 'O'];
        return { words: [...subject!, ...verb!, ...place!, `${row}`], tags, part: partOf(row) };
      }),
    ),
  );

/** Columns `age`, `income`, `city`, `group` (one of three), `price` (a number) and `part`. */
export async function writeTable(folder: string, rows: number): Promise<string> {
  const random = seededRandom(11);
  const lines = Array.from({ length: rows }, (_, row) => {
    const [age, income] = [20 + Math.floor(60 * random()), 1000 * random()];
    const city = ['Oslo', 'Bern', 'Rome'][Math.floor(3 * random())]!;
    const price = 0.3 * age + income / 100 + (city === 'Rome' ? 5 : 0);
    return [age, income.toFixed(2), city, ['a', 'b', 'c'][row % 3], price.toFixed(3), partOf(row)].join(',');
  });
  return written(folder, 'table.csv', `age,income,city,group,price,part\n${lines.join('\n')}\n`);
}

/** A folder of PNGs in three classes: noise around a colour of the class. */
export async function writeImages(folder: string, images: number, size = 40): Promise<string> {
  const root = join(folder, 'images');
  const random = seededRandom(23);
  for (let i = 0; i < images; i++) {
    const channel = i % 3;
    const kind = ['red', 'green', 'blue'][channel]!;
    const pixels = Uint8Array.from({ length: size * size * 3 }, (_, at) =>
      Math.floor((at % 3 === channel ? 120 : 40) + 90 * random()),
    );
    await mkdir(join(root, kind), { recursive: true });
    const raw = { width: size, height: size, channels: 3 } as const;
    await sharp(pixels, { raw })
      .png()
      .toFile(join(root, kind, `${String(i).padStart(3, '0')}.png`));
  }
  return root;
}
