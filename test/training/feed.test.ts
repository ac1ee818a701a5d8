import { mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { importClosure } from '../../infra/build/import-closure.mjs';
import { openTokenizer } from '../../data/tokenize.js';
import type { TokensManifest } from '../../data/manifest.js';
import { openExamples } from '../../training/examples/open-examples.js';
import { epochOrder } from '../../training/examples/order.js';
import { feedAhead, type StepToGather } from '../../training/feed/ahead.js';
import { gatherBatch } from '../../training/feed/gather-batch.js';
import { gatherThread } from '../../training/feed/gather-thread.js';
import type { Gatherer } from '../../training/feed/gatherer.js';
import { jobOf } from '../data/job-of.js';
import { jsonl, prepared } from '../support/prepared.js';

const dist = fileURLToPath(new URL('../../dist/', import.meta.url));
const tinyBert = fileURLToPath(new URL('../fixtures/tiny-bert', import.meta.url));
const at = { seed: 7, epoch: 0, step: 1 };

async function texts() {
  const rows = Array.from({ length: 60 }, (_, i) => ({
    id: `r${i}`,
    text: `${'a fruit that grows '.repeat(1 + (i % 3))}${i}`,
    label: i % 2 ? 'odd' : 'even',
  }));
  const job = jobOf({ maxLength: 16 }, { task: 'text-classification' });
  const tokenizer = await openTokenizer(tinyBert, 16);
  const { manifest, paths } = await prepared<TokensManifest>({ source: jsonl(rows), job, tokenizer });
  const examples = await openExamples(paths.train, manifest);
  onTestFinished(() => examples.close());
  return { examples, paths: paths.train };
}

test('the thread gathers what the engine would, bit for bit', async () => {
  const { examples } = await texts();
  const thread = gatherThread({ source: examples.source, features: null });
  onTestFinished(() => thread.close());
  const order = epochOrder(examples, 8, 7, 0);
  const found = await Promise.all(order.map((batch) => thread.gather(batch, 8, at)));
  expect(found).toEqual(order.map((batch) => gatherBatch(examples, batch, 8, at)));
});

test('the thread loads neither TensorFlow nor Arrow', () => {
  const modules = importClosure(join(dist, 'training/feed/thread.js')).map((path) => relative(dist, path));
  expect(modules).toContain('training/examples/image-examples.js');
  expect(modules.filter((path) => /tensorflow|shards|shard-index|shard-layout/.test(path))).toEqual([]);
});

test('a batch that cannot be gathered fails alone, and says why', async () => {
  const { examples, paths } = await texts();
  const thread = gatherThread({ source: examples.source, features: null });
  onTestFinished(() => thread.close());
  const batch = Int32Array.of(0, 1);
  await thread.gather(batch, 2, at);
  await truncate(paths[0]!, 100);
  await expect(thread.gather(batch, 2, at)).rejects.toThrow('the file was cut short');
});

test('a thread that dies fails what is under way, and the next batch has a new one', async () => {
  const { examples } = await texts();
  const folder = await mkdtemp(join(tmpdir(), 'temper-thread-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const script = join(folder, 'dies.mjs');
  await writeFile(
    script,
    `import { parentPort } from 'node:worker_threads'; parentPort.on('message', () => process.exit(3));`,
  );
  const thread = gatherThread({ source: examples.source, features: null }, pathToFileURL(script));
  onTestFinished(() => thread.close());
  const asked = [1, 2, 3].map(() => thread.gather(Int32Array.of(0), 1, at));
  for (const each of asked) await expect(each).rejects.toThrow('the thread that gathers batches died: it ended with 3');
  const whole = pathToFileURL(join(dist, 'training/feed/thread.js')).href;
  await writeFile(script, `import ${JSON.stringify(whole)};`);
  expect(await thread.gather(Int32Array.of(0), 1, at)).toEqual(gatherBatch(examples, Int32Array.of(0), 1, at));
});

/** Hands out what it is told to, and counts what was asked for. */
function counting(bytes: number) {
  const asked: number[] = [];
  const gatherer: Gatherer = {
    gather: (batch) => {
      asked.push(batch[0]!);
      return Promise.resolve({ bucket: 1, feeds: { x: new Float32Array(bytes / 4) } });
    },
  };
  function* steps(count: number): Generator<StepToGather, undefined> {
    for (let i = 0; i < count; i++) yield { batches: [Int32Array.of(i)], at: { ...at, step: i + 1 } };
  }
  return { gatherer, asked, steps };
}

test('a few steps are gathered ahead, in order, and none past the last', async () => {
  const { gatherer, asked, steps } = counting(64);
  const feed = feedAhead(gatherer, steps(7), 1, () => 0);
  await feed.next();
  expect(asked).toEqual([0, 1, 2, 3, 4]);
  for (let i = 1; i < 7; i++) await feed.next();
  expect(asked).toEqual([0, 1, 2, 3, 4, 5, 6]);
  await expect(feed.next()).rejects.toThrow('after the last one');
});

test('of large batches one is gathered ahead', async () => {
  const { gatherer, asked, steps } = counting(100 * 2 ** 20);
  const feed = feedAhead(gatherer, steps(7), 1, () => 0);
  await feed.next();
  await feed.next();
  expect(asked).toEqual([0, 1, 2]);
});

test('the wait for a batch is measured, and what is ahead is awaited when a segment ends early', async () => {
  let nowMs = 0;
  let ended = 0;
  const gatherer: Gatherer = {
    async gather() {
      await new Promise((done) => setTimeout(done, 5));
      nowMs += 30;
      ended++;
      return { bucket: 1, feeds: {} };
    },
  };
  const feed = feedAhead(gatherer, counting(0).steps(20), 1, () => nowMs);
  await feed.next();
  expect(feed.waitedMs).toBe(30);
  await feed.close();
  expect(ended).toBe(5);
});
