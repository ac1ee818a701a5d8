import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { augmentPlan } from '../../data/augment/plan.js';
import { marginOf } from '../../data/augment/image-augmenter.js';
import { fileSource } from '../../data/byte-source.js';
import { datasetSpec } from '../../data/dataset-spec.js';
import { decodeImage } from '../../data/images.js';
import type { DatasetManifest } from '../../data/manifest.js';
import { packImages } from '../../data/pack-images.js';
import { openTokenizer } from '../../data/tokenize.js';
import type { Job } from '../../job/schema.js';
import { openExamples } from '../../training/examples/open-examples.js';
import { examplesOf } from '../../training/examples/stored-examples.js';
import { objectiveFor } from '../../training/objectives/index.js';
import { tf } from '../../training/tensorflow.js';
import { jobOf } from '../data/job-of.js';
import { fixture } from '../support/image-model.js';
import { jsonl, prepared } from '../support/prepared.js';
import { writeImages, writeTable } from '../support/tiny-data.js';

const scale = { mean: [0, 0, 0], std: [1, 1, 1] } as const;
const at = { seed: 7, epoch: 0, step: 1 };
const folder = async () => {
  const made = await mkdtemp(join(tmpdir(), 'temper-augmented-'));
  onTestFinished(() => rm(made, { recursive: true }));
  return made;
};

async function images(augment: object) {
  const job = jobOf({ augment }, { task: 'image-classification' });
  const here = await folder();
  await packImages({ path: await writeImages(here, 30), data: job.data, out: join(here, 'packed') });
  const source = await fileSource(join(here, 'packed'), 'images');
  return { job, ...(await prepared({ source, format: 'images', job, imageSize: 32 })), kind: 'images' as const };
}

async function opened({ job, manifest, paths }: { job: Job; manifest: DatasetManifest; paths: { train: string[] } }) {
  const plan = await augmentPlan(job, fixture('tiny-bert'), job.data.augment?.synonyms?.table);
  const examples = await openExamples(paths.train, manifest, scale, plan);
  onTestFinished(() => examples.close());
  return examples;
}

const batch = Int32Array.of(4, 0, 2);

describe('augmented examples', () => {
  test('of images are others in every step, the same in the same one, and evaluated as they are without augmentation', async () => {
    const plain = await images({});
    const augmented = await images({ randomResizedCrop: {}, colorJitter: { brightness: 0.4 }, mixup: {} });
    expect(augmented.manifest).toMatchObject({ size: 32, margin: 2 });
    expect(plain.manifest).not.toHaveProperty('margin');
    const [before, examples] = [await opened(plain), await opened(augmented)];
    expect(examples.gather(batch, 4, 1)).toEqual(before.gather(batch, 4, 1));
    const trained = examples.gather(batch, 4, 1, at);
    expect(trained).toEqual(examples.gather(batch, 4, 1, at));
    expect(trained['pixels']).not.toEqual(before.gather(batch, 4, 1)['pixels']);
    expect(examples.gather(batch, 4, 1, { ...at, step: 2 })['pixels']).not.toEqual(trained['pixels']);
    // A reader of its own, as another thread has one, gathers the same.
    const elsewhere = examplesOf(structuredClone(examples.source));
    expect(elsewhere.gather(batch, 4, 1, at)).toEqual(trained);
    elsewhere.close();
    expect(trained['labels']).toHaveLength(4 * 3);
    expect(trained['weights']).toEqual(Float32Array.of(1, 1, 1, 0));
    expect(trained['pixels']!.subarray(3 * 3072)).toEqual(trained['pixels']!.subarray(0, 3072));
  });

  test('of tokens fit where the plain ones do', async () => {
    const rows = Array.from({ length: 30 }, (_, i) => ({ text: `a fruit that grows ${i}`, label: i % 2 ? 'a' : 'b' }));
    const job = jobOf({ maxLength: 16, augment: { tokenDropout: { p: 0.5 }, masking: { p: 0.5 } } });
    const tokenizer = await openTokenizer(fixture('tiny-bert'), 16);
    const found = await prepared({ source: jsonl(rows), job, tokenizer });
    const examples = await opened({ job, ...found });
    const plain = examples.gather(batch, 3, 16);
    const changed = examples.gather(batch, 3, 16, at);
    expect(changed['ids']).not.toEqual(plain['ids']);
    expect({ ...changed, ids: 0, mask: 0 }).toEqual({ ...plain, ids: 0, mask: 0 });
    const count = (values: ArrayLike<number>) => Array.from(values).filter((value) => value !== 0).length;
    expect(count(changed['ids']!)).toBe(count(changed['mask']!));
    expect(count(changed['mask']!)).toBeLessThan(count(plain['mask']!));
    expect(tokenizer.decode(Array.from(changed['ids']!.subarray(0, 16)))).toContain('[MASK]');
  });

  test('of texts get synonyms of whole words while there is room for them', async () => {
    const table = join(await folder(), 'synonyms.jsonl');
    await writeFile(table, '{"word":"fruit","synonyms":["large part of a plant"]}\n');
    const short = Array.from({ length: 20 }, (_, i) => ({ text: `a fruit that grows ${i}`, label: i % 2 ? 'a' : 'b' }));
    const long = Array.from({ length: 20 }, (_, i) => ({
      text: `a fruit that is in the house of the king and of the ${i}`,
      label: i % 2 ? 'a' : 'b',
    }));
    const job = jobOf({ maxLength: 16, augment: { synonyms: { table, p: 1 } } });
    const tokenizer = await openTokenizer(fixture('tiny-bert'), 16);
    const examples = await opened({ job, ...(await prepared({ source: jsonl([...short, ...long]), job, tokenizer })) });
    const isLong = (example: number) => examples.lengthOf(example) > 12;
    const all = Array.from({ length: examples.count }, (_, i) => i);
    const chosen = Int32Array.of(
      all.find(isLong)!,
      all.find((i) => !isLong(i))!,
    );
    const bucket = examples.bucketFor(examples.lengthOf(chosen[0]!));
    const { ids, mask } = examples.gather(chosen, 2, bucket, at);
    const textOf = (row: number) =>
      tokenizer.decode(Array.from(ids!.subarray(row * bucket, (row + 1) * bucket)).filter((id) => id !== 0));
    expect(textOf(0)).toContain('a fruit that is in the house');
    expect(textOf(1)).toContain('a large part of a plant that grows ');
    expect(Array.from(mask!, (value, i) => value === (ids![i] === 0 ? 0 : 1))).not.toContain(false);
    // The same in another thread, whose rules were sent to it.
    const elsewhere = examplesOf(structuredClone(examples.source));
    expect(elsewhere.gather(chosen, 2, bucket, at)).toEqual(examples.gather(chosen, 2, bucket, at));
    elsewhere.close();
    // Evaluation reads the rows as they are.
    expect(examples.gather(chosen, 2, bucket)['ids']).not.toEqual(ids);
  });

  test('of tables get noise on their numbers alone', async () => {
    const job = jobOf(
      { label: 'price', split: { column: 'part' }, augment: { noise: { std: 0.5 } } },
      { task: 'tabular-regression', model: 'mlp' },
    );
    const source = await fileSource(await writeTable(await folder(), 120), 'table.csv');
    const examples = await opened({ job, ...(await prepared({ source, job })) });
    const all = Int32Array.from({ length: examples.count }, (_, i) => i);
    const plain = examples.gather(all, all.length, 1);
    const noisy = examples.gather(all, all.length, 1, at);
    const width = plain['features']!.length / all.length;
    const change = Array.from(noisy['features']!, (value, i) => value - plain['features']![i]!);
    const numbers = change.filter((_, i) => i % width < 2);
    expect(change.filter((_, i) => i % width >= 2).every((value) => value === 0)).toBe(true);
    expect(
      Math.abs(Math.sqrt(numbers.reduce((sum, value) => sum + value ** 2, 0) / numbers.length) - 0.5),
    ).toBeLessThan(0.1);
    expect(noisy['values']).toEqual(plain['values']);
  });
});

test.each(['wide.png', 'tall.png', 'small.png', 'photo.jpg', 'turned.jpg', 'exact.png', 'noise.png'])(
  '%s with a margin has in its middle what it is without one',
  async (file) => {
    const bytes = await readFile(fixture(`images/${file}`));
    for (const size of [28, 31]) {
      const margin = marginOf(jobOf({ augment: { randomResizedCrop: {} } }), size);
      expect(margin).toBeGreaterThan(0);
      const side = size + 2 * margin;
      const [plain, wider] = [await decodeImage(bytes, size), await decodeImage(bytes, size, margin)];
      expect(wider).toHaveLength(side * side * 3);
      for (let y = 0; y < size; y++) {
        const from = 3 * ((y + margin) * side + margin);
        const row = plain.subarray(3 * y * size, 3 * (y + 1) * size);
        expect(Buffer.compare(wider.subarray(from, from + 3 * size), row)).toBe(0);
      }
    }
  },
);

test('prepared data depend on augmentation where a crop looks beyond the image, and not else', () => {
  const spec = (augment: object | undefined) => datasetSpec(jobOf({ augment }, { task: 'image-classification' }), 224);
  expect(spec({ horizontalFlip: 0.5, randomCrop: { padding: 4 } })).toEqual(spec(undefined));
  const ofTexts = (augment: object | undefined) => datasetSpec(jobOf({ augment }), null);
  expect(ofTexts({ synonyms: { table: 'a.csv' } })).toEqual(ofTexts(undefined));
  expect(spec({ randomCrop: {} })).toEqual({ ...spec(undefined), margin: 16 });
});

describe('mixed labels', () => {
  const mixing = (train: object = {}) =>
    objectiveFor(jobOf({ augment: { mixup: {} } }, { task: 'tabular-classification', model: 'mlp', train }), 3);

  test.each([0, 0.2])('have the loss and gradient of their shares, smoothing %f', (labelSmoothing) => {
    const [a, b] = [Int32Array.of(0, 2), Int32Array.of(1, 2)];
    const hard = objectiveFor(jobOf({}, { train: { labelSmoothing } }), 3);
    const [mixed, parts] = tf.tidy(() => {
      const logits = tf.tensor2d([0.3, -1, 2, 1, 0.5, -0.2], [2, 3]);
      const of = (losses: (x: typeof logits) => unknown) => {
        const { value, grad } = tf.valueAndGrad(((x: typeof logits) => tf.sum(losses(x) as never)) as never)(logits);
        return [...value.dataSync(), ...grad.dataSync()];
      };
      const shares = tf.tensor2d([0.7, 0.3, 0, 0, 0, 1], [2, 3]);
      const soft = of((x) => mixing({ labelSmoothing }).losses(x, { labels: shares }, true));
      const [one, other] = [a, b].map((labels) =>
        of((x) => hard.losses(x, { labels: tf.tensor1d(labels, 'int32') }, true)),
      );
      return [soft, one!.map((value, i) => 0.7 * value + 0.3 * other![i]!)];
    });
    mixed!.forEach((value, i) => expect(value).toBeCloseTo(parts![i]!, 6));
  });

  test('are of training alone: evaluation has one class a row', () => {
    const objective = mixing();
    expect(objective.targets(4, 1)['labels']).toEqual({ shape: [4], dtype: 'int32' });
    expect(objective.trainingTargets!(4, 1)['labels']).toEqual({ shape: [4, 3], dtype: 'float32' });
    expect(objectiveFor(jobOf({}), 3).trainingTargets).toBeUndefined();
  });
});
