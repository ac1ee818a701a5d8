import { createHash } from 'node:crypto';
import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  readFloats,
  readSafetensorsHeader,
  readTensor,
  readTensors,
  SafetensorsError,
  writeSafetensors,
  type TensorToWrite,
} from '../../models/safetensors.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'temper-safetensors-'));
});
afterAll(() => rm(folder, { recursive: true }));

const floats = (name: string, shape: number[], values: number[]): TensorToWrite => ({
  name,
  dtype: 'F32',
  shape,
  bytes: new Uint8Array(Float32Array.from(values).buffer),
});

/** A file of this header and so many bytes of data. */
async function fileOf(header: unknown, dataBytes: number, claimedLength?: number): Promise<string> {
  const json = new TextEncoder().encode(typeof header === 'string' ? header : JSON.stringify(header));
  const bytes = new Uint8Array(8 + json.length + dataBytes);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(claimedLength ?? json.length), true);
  bytes.set(json, 8);
  const path = join(folder, 'made.safetensors');
  await writeFile(path, bytes);
  return path;
}

describe('a written file', () => {
  test('reads back as it was, whatever the names, shapes and values', async () => {
    const path = join(folder, 'any.safetensors');
    const tensor = fc.record({
      name: fc.string({ unit: 'grapheme', minLength: 1 }).filter((name) => name !== '__metadata__'),
      shape: fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 3 }),
      dtype: fc.constantFrom('F32', 'I32', 'I64', 'U8', 'BF16' as const),
      seed: fc.nat(255),
    });
    await fc.assert(
      fc.asyncProperty(fc.uniqueArray(tensor, { selector: ({ name }) => name, maxLength: 6 }), async (tensors) => {
        const size = { F32: 4, I32: 4, I64: 8, U8: 1, BF16: 2 };
        const written = tensors.map(({ name, shape, dtype, seed }) => {
          const length = shape.reduce((a, b) => a * b, 1) * size[dtype as 'F32'];
          const bytes = Uint8Array.from({ length }, (_, i) => (seed + 31 * i) % 127);
          return { name, shape, dtype: dtype as 'F32', bytes };
        });
        await writeSafetensors(path, written, { metadata: { format: 'pt' } });
        const header = await readSafetensorsHeader(path);
        expect(header.metadata).toEqual({ format: 'pt' });
        expect([...header.tensors.keys()].sort()).toEqual(tensors.map(({ name }) => name).sort());
        const content = await readFile(path);
        for (const { name, shape, bytes } of written) {
          const entry = header.tensors.get(name)!;
          expect(entry.shape).toEqual(shape);
          const { dataStart } = header;
          expect(content.subarray(dataStart + entry.begin, dataStart + entry.end).equals(bytes)).toBe(true);
        }
      }),
      { numRuns: 40 },
    );
  });

  test('has the digest and the size that were returned', async () => {
    const path = join(folder, 'digest.safetensors');
    const written = await writeSafetensors(path, [floats('a', [2], [1, 2])]);
    const content = await readFile(path);
    expect(written.sha256).toBe(createHash('sha256').update(content).digest('hex'));
    expect(written.bytes).toBe(content.length);
  });

  test('does not depend on the order in which tensors and metadata are given', async () => {
    const [a, b] = [floats('a', [1], [1]), floats('b', [1], [2])];
    const one = await writeSafetensors(join(folder, '1.safetensors'), [a, b], { metadata: { x: '1', y: '2' } });
    const two = await writeSafetensors(join(folder, '2.safetensors'), [b, a], { metadata: { y: '2', x: '1' } });
    expect(two.sha256).toBe(one.sha256);
  });

  test('begins its data at a multiple of 8, wider values first', async () => {
    const path = join(folder, 'aligned.safetensors');
    await writeSafetensors(path, [
      { name: 'a', dtype: 'U8', shape: [3], bytes: new Uint8Array(3) },
      floats('b', [1], [1]),
      { name: 'c', dtype: 'I64', shape: [1], bytes: new Uint8Array(8) },
    ]);
    const header = await readSafetensorsHeader(path);
    expect(header.dataStart % 8).toBe(0);
    expect([...header.tensors.keys()]).toEqual(['c', 'b', 'a']);
  });

  test('asks for each tensor when its turn comes', async () => {
    const asked: string[] = [];
    const lazily = (name: string) => ({
      ...floats(name, [1], [1]),
      bytes: async () => {
        asked.push(name);
        return new Uint8Array(4);
      },
    });
    await writeSafetensors(join(folder, 'lazy.safetensors'), [lazily('b'), lazily('a')]);
    expect(asked).toEqual(['a', 'b']);
  });

  test('does not appear under its name when writing fails', async () => {
    const wrong = { ...floats('a', [3], [1]), name: 'a' };
    await expect(writeSafetensors(join(folder, 'torn.safetensors'), [wrong])).rejects.toThrow(
      /a \(F32 \[3\]\) takes 12 bytes, got 4/,
    );
    expect(await readdir(folder)).not.toContain('torn.safetensors');
  });

  test('holds every name once', async () => {
    const twice = [floats('a', [1], [1]), floats('a', [1], [1])];
    await expect(writeSafetensors(join(folder, 'twice.safetensors'), twice)).rejects.toThrow('tensor a is given twice');
  });
});

describe('reading', () => {
  test('widens F16 and BF16 to 32 bits exactly', async () => {
    const path = join(folder, 'half.safetensors');
    // 1, -2, 65504 (largest), 2^-24 (smallest), infinity, 0.333251953125
    const f16 = Uint16Array.of(0x3c00, 0xc000, 0x7bff, 0x0001, 0x7c00, 0x3555);
    const bf16 = Uint16Array.of(0x3f80, 0xc000, 0x7f80);
    await writeSafetensors(path, [
      { name: 'f16', dtype: 'F16', shape: [6], bytes: new Uint8Array(f16.buffer) },
      { name: 'bf16', dtype: 'BF16', shape: [3], bytes: new Uint8Array(bf16.buffer) },
    ]);
    const header = await readSafetensorsHeader(path);
    expect([...(await readFloats(header, 'f16'))]).toEqual([1, -2, 65504, 2 ** -24, Infinity, 0.333251953125]);
    expect([...(await readFloats(header, 'bf16'))]).toEqual([1, -2, Infinity]);
  });

  test('gives tensors in the order asked for', async () => {
    const path = join(folder, 'order.safetensors');
    await writeSafetensors(path, [floats('a', [], [1]), floats('b', [2], [2, 3])]);
    const read = [];
    for await (const tensor of readTensors(await readSafetensorsHeader(path), ['b', 'a'])) read.push(tensor);
    expect(read).toEqual([
      { name: 'b', shape: [2], values: Float32Array.of(2, 3) },
      { name: 'a', shape: [], values: Float32Array.of(1) },
    ]);
  });

  test('refuses integers as floats, and names that are not there', async () => {
    const path = join(folder, 'int.safetensors');
    await writeSafetensors(path, [{ name: 'i', dtype: 'I32', shape: [1], bytes: new Uint8Array(4) }]);
    const header = await readSafetensorsHeader(path);
    await expect(readFloats(header, 'i')).rejects.toThrow('i is I32, expected F32, F16 or BF16');
    await expect(readTensor(header, 'j')).rejects.toThrow('has no tensor j');
  });
});

describe('a header is refused', () => {
  const f32 = (begin: number, end: number, shape = [(end - begin) / 4]) => ({
    dtype: 'F32',
    shape,
    data_offsets: [begin, end],
  });
  test.each([
    ['that claims more bytes than the file has', '{}', 0, 1000, 'its header claims 1000 bytes, the file has 10'],
    ['that claims more than 100 MB', '{}', 0, 2 ** 40, 'its header claims 1099511627776 bytes, at most 100000000'],
    ['that is not JSON', '{"a":', 0, undefined, 'its header is not a JSON object'],
    ['that is a list', '[]', 0, undefined, 'its header is not a JSON object'],
    [
      'with an unknown dtype',
      { a: { dtype: 'F31', shape: [1], data_offsets: [0, 4] } },
      4,
      undefined,
      'tensor a has the unknown dtype F31',
    ],
    [
      'with a dtype named like a method',
      { a: { dtype: 'toString', shape: [1], data_offsets: [0, 4] } },
      4,
      undefined,
      'unknown dtype toString',
    ],
    [
      'with a negative size',
      { a: f32(0, 4, [-1]) },
      4,
      undefined,
      'tensor a has no valid dtype, shape and data_offsets',
    ],
    [
      'whose offsets do not fit the shape',
      { a: f32(0, 8, [3]) },
      8,
      undefined,
      'tensor a (F32 [3]) takes 12 bytes, its offsets span 8',
    ],
    ['whose tensors overlap', { a: f32(0, 8), b: f32(4, 12) }, 12, undefined, 'tensor b overlaps a'],
    [
      'that leaves a gap',
      { a: f32(0, 4), b: f32(8, 12) },
      12,
      undefined,
      '4 bytes between a and tensor b belong to no tensor',
    ],
    [
      'of a file cut short',
      { a: f32(0, 8) },
      4,
      undefined,
      'tensor a ends at byte 8 of 4; the file may have been cut short',
    ],
    ['of a file with bytes to spare', { a: f32(0, 4) }, 8, undefined, 'its last 4 bytes belong to no tensor'],
    [
      'with metadata that are not texts',
      { __metadata__: { a: 1 } },
      0,
      undefined,
      'its __metadata__ is not a map of texts',
    ],
  ])('%s', async (_, header, dataBytes, claimed, message) => {
    const path = await fileOf(header, dataBytes, claimed);
    const refused = readSafetensorsHeader(path);
    await expect(refused).rejects.toThrow(message);
    await expect(refused).rejects.toBeInstanceOf(SafetensorsError);
  });

  test('of a file that is too short for one', async () => {
    const path = join(folder, 'short.safetensors');
    await writeFile(path, 'abc');
    await expect(readSafetensorsHeader(path)).rejects.toThrow('it has 3 bytes, the header');
  });
});
