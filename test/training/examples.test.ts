import { createHash } from 'node:crypto';
import { copyFile, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { fileSource, memorySource, type ByteSource } from '../../data/byte-source.js';
import { decodeImage } from '../../data/images.js';
import type { FeaturesManifest, ImagesManifest, TokensManifest } from '../../data/manifest.js';
import { packImages } from '../../data/pack-images.js';
import { prepareDataset } from '../../data/prepare.js';
import { splits } from '../../data/split.js';
import { openTokenizer } from '../../data/tokenize.js';
import type { Examples } from '../../training/examples/examples.js';
import { pixelExamples } from '../../training/examples/image-examples.js';
import { openExamples } from '../../training/examples/open-examples.js';
import {
  bucketOf,
  bucketsOf,
  epochOrder,
  inOrder,
  keptEpochOrder,
  stepsPerEpochOf,
} from '../../training/examples/order.js';
import { blankTargets } from '../../training/examples/row-targets.js';
import { tokenExamples } from '../../training/examples/token-examples.js';
import { jobOf } from '../data/job-of.js';
import { jsonl, prepared } from '../support/prepared.js';

const fixture = (name: string): string => fileURLToPath(new URL(`../fixtures/${name}`, import.meta.url));
const sha256 = () => createHash('sha256');
const total = (values: ArrayLike<number>): number => Array.from(values).reduce((sum, value) => sum + value, 0);

/** 1,000 examples of 1 to 97 tokens in 5 classes. */
function manyTokens(): Examples {
  const offsets = new Int32Array(1001);
  for (let i = 0; i < 1000; i++) offsets[i + 1] = offsets[i]! + 1 + ((i * 7919) % 97);
  const values = Int32Array.from({ length: offsets[1000]! }, (_, i) => i % 613);
  const labels = Int32Array.from({ length: 1000 }, (_, i) => i % 5);
  return tokenExamples({ tokens: { values, offsets }, types: null, targets: { kind: 'class', labels }, maxLength: 97 });
}

describe('the order of an epoch', () => {
  test('and its batches are those that runs have been trained with since the first release', () => {
    const examples = manyTokens();
    const orders = sha256();
    for (let epoch = 0; epoch < 3; epoch++) {
      for (const batch of epochOrder(examples, 16, 7, epoch)) orders.update(`${batch.join(',')}\n`);
    }
    for (const batch of inOrder(examples, 32)) orders.update(`${batch.join(',')}\n`);
    expect(orders.digest('hex')).toBe('b5f301e5d07548eff397fd83adeb9aeae41a441d24c656b8d8cd2cb466b7a5e4');

    const batches = sha256();
    for (const batch of epochOrder(examples, 16, 7, 0)) {
      const feeds = examples.gather(batch, 16, bucketOf(examples, batch));
      for (const name of ['ids', 'mask', 'labels', 'weights']) batches.update(new Uint8Array(feeds[name]!.buffer));
    }
    expect(batches.digest('hex')).toBe('280624d30c7b28c005da55621cc74800ed569c8c1984f995a62fb797f4e2781e');
  });

  test('holds every example once, whatever their lengths', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 40 })),
        fc.integer({ min: 1, max: 9 }),
        fc.nat(),
        (lengths, size, epoch) => {
          const examples = { count: lengths.length, lengthOf: (i: number) => lengths[i]! };
          const batches = epochOrder(examples, size, 7, epoch);
          const seen = batches.flatMap((batch) => [...batch]).sort((a, b) => a - b);
          expect(seen).toEqual(lengths.map((_, i) => i));
          expect(batches.filter((batch) => batch.length < size).length).toBeLessThanOrEqual(1);
        },
      ),
    );
  });

  test('that is kept is that of what is asked, and is worked out once for the segments of an epoch', () => {
    let looks = 0;
    const watched = { count: 100, lengthOf: (i: number) => (looks++, (i * 7) % 23) };
    const other = { count: 100, lengthOf: (i: number) => (i * 5) % 17 };
    const asked = [
      [8, 7, 0],
      [8, 7, 1],
      [16, 7, 1],
      [16, 8, 1],
    ] as const;
    for (const [batchSize, seed, epoch] of asked) {
      for (const set of [watched, other])
        expect(keptEpochOrder(set, batchSize, seed, epoch)).toEqual(epochOrder(set, batchSize, seed, epoch));
      looks = 0;
      keptEpochOrder(watched, batchSize, seed, epoch);
      expect(looks).toBe(0);
    }
    const balanced = { ...other, classes: Int32Array.from({ length: 100 }, (_, i) => i % 3) };
    expect(keptEpochOrder(balanced, 8, 7, 0)).not.toEqual(keptEpochOrder(balanced, 8, 7, 0, true));
  });

  test('is another in every epoch, and has as many steps as its batches make', () => {
    const examples = { count: 100, lengthOf: () => 1 };
    expect(epochOrder(examples, 8, 7, 0)).not.toEqual(epochOrder(examples, 8, 7, 1));
    expect(epochOrder(examples, 8, 7, 0)).toHaveLength(13);
    expect(stepsPerEpochOf(100, { batchSize: 8, accumulate: 1 })).toBe(13);
    expect(stepsPerEpochOf(100, { batchSize: 8, accumulate: 4 })).toBe(4);
    expect(stepsPerEpochOf(100, { batchSize: 100, accumulate: 4 })).toBe(1);
  });

  test('has the buckets that its longest examples ask for', () => {
    expect(bucketsOf([manyTokens()])).toEqual([8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 97]);
    expect(bucketOf(manyTokens(), Int32Array.of(0, 0))).toBe(8);
  });
});

describe('opened examples of texts', () => {
  const rows = Array.from({ length: 40 }, (_, i) => ({
    id: `r${i}`,
    text: `a fruit that grows ${i}`,
    other: `an animal ${i}`,
    words: ['a', 'fruit', `w${i}`],
    tags: ['O', 'B', i % 2 ? 'I' : 'O'],
    label: i % 2 ? 'odd' : 'even',
    many: i % 3 ? ['x', 'z'] : [],
  }));
  const open = async (data: object, task: string, folder = 'tiny-bert') => {
    const job = jobOf({ maxLength: 16, ...data }, { task });
    const tokenizer = await openTokenizer(fixture(folder), 16);
    const { manifest, paths, rows: found } = await prepared<TokensManifest>({ source: jsonl(rows), job, tokenizer });
    const examples = await openExamples(paths.train, manifest);
    expect(examples.count).toBe(manifest.rows.train);
    return { manifest, examples, found: found.filter(({ split }) => split === 'train') };
  };
  const chosen = Int32Array.of(3, 0);

  test('with one class', async () => {
    const { examples, found } = await open({}, 'text-classification');
    const bucket = bucketOf(examples, chosen);
    const { ids, mask, labels, weights, ...rest } = examples.gather(chosen, 3, bucket);
    expect(rest).toEqual({});
    for (const [row, example] of chosen.entries()) {
      const tokens = found[example]!.list('tokens');
      expect([...ids!.subarray(row * bucket, (row + 1) * bucket)]).toEqual([
        ...tokens,
        ...new Array(bucket - tokens.length).fill(0),
      ]);
      expect(total(mask!.subarray(row * bucket, (row + 1) * bucket))).toBe(tokens.length);
    }
    expect([...labels!]).toEqual([found[3]!.int('label'), found[0]!.int('label'), 0]);
    expect(weights).toEqual(Float32Array.of(1, 1, 0));
    expect(await examples.describe([3, 0])).toEqual([3, 0].map((i) => ({ id: found[i]!.id, text: found[i]!.text })));
  });

  test('in pairs, with their types', async () => {
    const { examples, found } = await open({ textPair: 'other' }, 'text-classification');
    const bucket = bucketOf(examples, chosen);
    const { types } = examples.gather(chosen, 2, bucket);
    const expected = found[3]!.list('types');
    expect([...types!.subarray(0, bucket)]).toEqual([...expected, ...new Array(bucket - expected.length).fill(0)]);
    expect(expected).toContain(1);
  });

  test('with many labels', async () => {
    const { examples, found } = await open({ multiLabel: true, label: 'many' }, 'text-classification');
    const all = Int32Array.from({ length: examples.count }, (_, i) => i);
    const { labels, weights } = examples.gather(all, examples.count + 1, 16);
    expect(labels).toBeInstanceOf(Float32Array);
    expect([...labels!]).toEqual([
      ...found.flatMap((row) => (row.list('labels').length === 0 ? [0, 0] : [1, 1])),
      0,
      0,
    ]);
    expect(weights!.at(-1)).toBe(0);
    expect(examples.targets(all, examples.count + 1, 16)).toEqual({ labels, weights });
  });

  test('with a tag a word: special tokens and later pieces weigh nothing', async () => {
    const { manifest, examples, found } = await open({ label: 'tags' }, 'token-classification');
    const bucket = bucketOf(examples, chosen);
    const { labels, weights } = examples.gather(chosen, 3, bucket);
    expect(labels).toHaveLength(3 * bucket);
    for (const [row, example] of chosen.entries()) {
      const tags = found[example]!.list('tags');
      for (let i = 0; i < bucket; i++) {
        const tag = tags[i] ?? -1;
        expect([labels![row * bucket + i], weights![row * bucket + i]]).toEqual(tag < 0 ? [0, 0] : [tag, 1]);
      }
    }
    expect(total(weights!)).toBe(6);
    expect(weights!.subarray(2 * bucket).some((weight) => weight !== 0)).toBe(false);
    expect(manifest.labels).toEqual(['B', 'I', 'O']);
  });

  test('for a language model: each token stands beside the one that follows', async () => {
    const { examples, found } = await open({}, 'causal-lm', 'tiny-bpe');
    const last = examples.count - 1;
    const { ids, labels, weights, mask } = examples.gather(Int32Array.of(0, last), 3, 16);
    const first = found[0]!.list('tokens');
    expect(first).toHaveLength(17);
    expect([...ids!.subarray(0, 16)]).toEqual(first.slice(0, -1));
    expect([...labels!.subarray(0, 16)]).toEqual(first.slice(1));
    const rest = found[last]!.list('tokens').length - 1;
    expect(examples.lengthOf(last)).toBe(rest);
    expect([...weights!]).toEqual([...new Array(16 + rest).fill(1), ...new Array(16 - rest + 16).fill(0)]);
    expect(mask).toEqual(weights);
  });

  test('refuse a bucket that is too short', async () => {
    const { examples } = await open({}, 'text-classification');
    expect(() => examples.gather(Int32Array.of(0), 1, 2)).toThrow(RangeError);
  });

  test('may have no targets when only an answer is wanted', () => {
    const tokens = { values: Int32Array.of(1, 2, 3), offsets: Int32Array.of(0, 2, 3) };
    for (const [kind, name] of [
      ['class', 'labels'],
      ['classes', 'labels'],
      ['value', 'values'],
    ] as const) {
      const examples = tokenExamples({ tokens, types: null, targets: blankTargets(kind, 2, 3), maxLength: 8 });
      const feeds = examples.gather(Int32Array.of(0, 1), 2, 8);
      expect(feeds[name]!.every((value) => value === 0)).toBe(true);
      expect(feeds['weights']).toEqual(Float32Array.of(1, 1));
    }
  });
});

describe('opened examples of tables', () => {
  test('hold vectors and numbers, also from several shards', async () => {
    const count = 60_000; // more than a shard holds
    const lines = Array.from(
      { length: count },
      (_, i) => `${i % 100},${i},${i < count - 2 ? 'train' : i < count - 1 ? 'validation' : 'test'}`,
    );
    const source = memorySource('a.csv', `a,y,split\n${lines.join('\n')}\n`);
    const job = jobOf(
      { label: 'y', scale: 'none', split: { column: 'split' } },
      { task: 'tabular-regression', model: 'mlp' },
    );
    const folder = await mkdtemp(join(tmpdir(), 'temper-table-'));
    onTestFinished(() => rm(folder, { recursive: true }));
    const manifest = (await prepareDataset({ source, job, outFolder: folder })) as FeaturesManifest;
    const paths = manifest.files.filter(({ split }) => split === 'train').map(({ name }) => join(folder, name));
    expect(paths).toHaveLength(2);
    const examples = await openExamples(paths, manifest);
    const { features, values, weights } = examples.gather(Int32Array.of(7, 59_997, 50_000), 4, 1);
    expect(features).toEqual(Float32Array.of(7, 97, 0, 7)); // repeated, not zeros
    expect(values).toEqual(Float32Array.of(7, 59_997, 50_000, 0));
    expect(weights).toEqual(Float32Array.of(1, 1, 1, 0));
    expect(await examples.describe([59_997])).toEqual([{ id: '59998', text: 'a=97' }]);
    expect(bucketsOf([examples])).toEqual([1]);
  });
});

describe('opened examples of images', () => {
  const scale = { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] } as const;
  const files = new Map<string, Buffer>();
  let source: ByteSource;
  let folder: string;
  afterAll(() => rm(folder, { recursive: true }));
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'temper-images-'));
    for (const kind of ['cats', 'dogs']) {
      await mkdir(join(folder, 'photos', kind), { recursive: true });
      for (let i = 0; i < 12; i++) {
        const background = { r: i * 20, g: kind === 'cats' ? 200 : 30, b: 255 - i * 9 };
        const bytes = await sharp({
          create: { width: 16, height: 20, channels: 3, background, noise: { type: 'gaussian', mean: 100, sigma: 40 } },
        })
          .png()
          .toBuffer();
        files.set(`${kind}/${i}.png`, bytes);
        await writeFile(join(folder, 'photos', kind, `${i}.png`), bytes);
      }
    }
    await packImages({ path: join(folder, 'photos'), data: jobOf({}).data, out: join(folder, 'a.images') });
    source = await fileSource(join(folder, 'a.images'), 'photos');
  });

  test('are read when they are gathered, and normalised as torchvision does', async () => {
    const job = jobOf({}, { task: 'image-classification' });
    const { manifest, paths } = await prepared<ImagesManifest>({ source, format: 'images', job, imageSize: 12 });
    for (const split of splits) {
      const examples = await openExamples(paths[split], manifest, scale);
      const all = Int32Array.from({ length: examples.count }, (_, i) => examples.count - 1 - i);
      const { pixels, labels, weights } = examples.gather(all, examples.count + 1, 1);
      const described = await examples.describe([...all]);
      for (const [row, { text }] of described.entries()) {
        const bytes = await decodeImage(files.get(text)!, 12);
        const expected = Array.from(bytes, (value, i) => (value / 255 - scale.mean[i % 3]!) / scale.std[i % 3]!);
        pixels!.subarray(row * 432, (row + 1) * 432).forEach((value, i) => expect(value).toBeCloseTo(expected[i]!, 5));
        expect(manifest.labels[labels![row]!]).toBe(text.slice(0, 4));
      }
      expect(pixels!.subarray(examples.count * 432)).toEqual(pixels!.subarray(0, 432)); // what fills up is no new kind of image
      expect(weights!.at(-1)).toBe(0);
      examples.close();
    }
  });

  test('need to know the scale of the model', async () => {
    const job = jobOf({}, { task: 'image-classification' });
    const { manifest, paths } = await prepared<ImagesManifest>({ source, format: 'images', job, imageSize: 8 });
    await expect(openExamples(paths.train, manifest)).rejects.toThrow('images need the mean and deviation');
  });

  test('keep few files open, and none after close()', async () => {
    const job = jobOf({}, { task: 'image-classification' });
    const { manifest, paths } = await prepared<ImagesManifest>({ source, format: 'images', job, imageSize: 8 });
    const [path] = paths.train;
    const copies = Array.from({ length: 40 }, (_, i) => `${path}.${i}`);
    for (const copy of copies) await copyFile(path!, copy);
    const open = async () => (await readdir('/proc/self/fd')).length;
    const before = await open();
    const examples = await openExamples(copies, manifest, scale);
    expect(examples.count).toBe(40 * manifest.rows.train);
    const one = examples.gather(Int32Array.of(3), 1, 1);
    for (let i = 3; i < examples.count; i += manifest.rows.train) {
      expect(examples.gather(Int32Array.of(i), 1, 1)).toEqual(one);
    }
    expect((await open()) - before).toBeLessThanOrEqual(16);
    examples.close();
    expect((await open()) - before).toBe(0);
  });
});

test('grey pixels are the luma of their colours, as Pillow rounds it', () => {
  const pixels = [Uint8Array.of(255, 0, 0, 0, 255, 0, 0, 0, 255, 10, 20, 30)];
  const scale = { mean: [0, 0, 0], std: [1 / 255, 1, 1], grey: true } as const;
  const examples = pixelExamples({ pixels, size: 2, scale, targets: blankTargets('class', 1, 2) });
  const found = examples.gather(Int32Array.of(0), 1, 1)['pixels'] as Float32Array;
  expect(Array.from(found, Math.round)).toEqual([76, 150, 29, 18]); // Image.new('RGB', …).convert('L')
});
