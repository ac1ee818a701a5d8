import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { importClosure } from '../../infra/build/import-closure.mjs';
import { sha256OfFile } from '../../storage/digest.js';
import { loadState } from '../../training/state/load.js';
import { saveState, type StoredTensor } from '../../training/state/save.js';
import { freeAtOnce } from '../../training/threads/free.js';

const MIB = 2 ** 20;
const position = { step: 12, epoch: 1, cursor: 5 };
const dist = fileURLToPath(new URL('../../dist/', import.meta.url));

async function folderHere(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'temper-state-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  return folder;
}

/** Values that no other tensor has. */
function valuesOf(i: number, elements: number): Float32Array<ArrayBuffer> {
  const values = new Float32Array(elements).fill(i);
  for (let at = 0; at < elements; at += 999) values[at] = at;
  return values;
}

const nameOf = (i: number) => `layer.${String(i).padStart(2, '0')}.weight`;

function tensorsOf(sizes: readonly number[], onRead: (i: number) => void = () => undefined): StoredTensor[] {
  return sizes.map((elements, i) => ({
    name: nameOf(i),
    shape: [elements],
    read: () => {
      onRead(i);
      return valuesOf(i, elements);
    },
  }));
}

/** What docs/checkpoint-format.md says of a state's digest. */
function digestByTheDocument(sizes: readonly number[]): string {
  const lines = sizes.map((elements, i) => {
    const digest = createHash('sha256')
      .update(new Uint8Array(valuesOf(i, elements).buffer))
      .digest('hex');
    return `${nameOf(i)} F32 [${elements}] ${digest}\n`;
  });
  return createHash('sha256')
    .update(`${lines.sort().join('')}at 12 1 5\n`)
    .digest('hex');
}

async function loaded(paths: readonly string[], sizes: readonly number[]): Promise<ReadonlyMap<string, Float32Array>> {
  const found = new Map<string, Float32Array>();
  await loadState({
    variables: new Map(sizes.map((elements, i) => [nameOf(i), [elements]])),
    base: { names: new Set(), async *read() {} },
    shardPaths: paths,
    beginsAtZero: () => false,
    averages: new Map(),
    assignAll: (values) => values.forEach((each, name) => found.set(name, each.slice())),
  });
  return found;
}

const large = Array.from({ length: 9 }, (_, i) => (i === 4 ? 10 * MIB : 3 * MIB)); // one of them is 40 MiB: more than a shard

test.each([
  { what: 'a small state, written here', sizes: [7, 1, 300], shards: 1 },
  { what: 'a large one, written by threads', sizes: large, shards: 5 },
])('$what: digests are right, and what is loaded is what was saved', { timeout: 60_000 }, async ({ sizes, shards }) => {
  const saved = await saveState(tensorsOf(sizes), position, await folderHere());
  expect(saved).toMatchObject({ position, stateDigest: digestByTheDocument(sizes) });
  expect(saved.shards).toHaveLength(shards);
  expect(saved.shards.reduce((sum, each) => sum + each.tensors, 0)).toBe(sizes.length);
  for (const { path, sha256, bytes } of saved.shards) expect(await sha256OfFile(path)).toEqual({ sha256, bytes });
  const found = await loaded(
    saved.shards.map(({ path }) => path),
    sizes,
  );
  for (const [i, elements] of sizes.entries()) {
    expect(
      Buffer.compare(new Uint8Array(found.get(nameOf(i))!.buffer), new Uint8Array(valuesOf(i, elements).buffer)),
    ).toBe(0);
  }
});

test('tensors are read once, in their order', async () => {
  const order: number[] = [];
  await saveState(tensorsOf(large, (i) => order.push(i)).reverse(), position, await folderHere());
  expect(order).toEqual([...large.keys()]);
});

test('a shard that cannot be written fails the save with the reason, and nothing is read or written after it', async () => {
  const folder = await folderHere();
  await mkdir(join(folder, '00000.safetensors.partial')); // in the way of the first shard
  const read: number[] = [];
  const saving = saveState(
    tensorsOf(large, (i) => read.push(i)),
    position,
    folder,
  );
  await expect(saving).rejects.toThrow(/the thread that writes shards failed: .*EISDIR.*00000\.safetensors\.partial/);
  const [readThen, thereThen] = [read.length, await readdir(folder)];
  expect(readThen).toBeLessThan(large.length);
  await pause(300);
  expect(read).toHaveLength(readThen);
  expect(await readdir(folder)).toEqual(thereThen);
});

test('of values that are part of a larger array a copy is handed over, and the array stays whole', async () => {
  const all = valuesOf(0, 6 * MIB);
  const half = (i: number) => ({
    name: nameOf(i),
    shape: [3 * MIB],
    read: () => all.subarray(i * 3 * MIB, (i + 1) * 3 * MIB),
  });
  const { shards } = await saveState([half(0), half(1)], position, await folderHere());
  expect(all).toHaveLength(6 * MIB);
  const found = await loaded(
    shards.map(({ path }) => path),
    [3 * MIB, 3 * MIB],
  );
  expect(found.get(nameOf(1))!.at(-1)).toBe(all.at(-1));
});

test('the thread loads no TensorFlow', () => {
  const modules = importClosure(join(dist, 'training/state/thread.js')).map((path) => relative(dist, path));
  expect(modules).toContain('models/safetensors-write.js');
  expect(modules.filter((path) => path.includes('tensorflow'))).toEqual([]);
});

test('what was written is freed at once, not when garbage is collected', () => {
  const before = process.memoryUsage().arrayBuffers;
  const values = new Uint8Array(64 * MIB).fill(1);
  expect(process.memoryUsage().arrayBuffers - before).toBeGreaterThanOrEqual(64 * MIB);
  freeAtOnce([values.buffer]);
  expect(values.byteLength).toBe(0);
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(MIB);
});
