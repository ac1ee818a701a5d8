import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { memorySource } from '../../../data/byte-source.js';
import { unpack } from '../../../data/sources/unpack.js';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'temper-unpack-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const text = Array.from({ length: 2000 }, (_, i) => `row ${i}: ${'grüße '.repeat(i % 7)}\n`).join('');
/** `zstd -19` of "text,label\nhello,x\n" written by python-zstandard; two frames, one after the other. */
const frame = Buffer.from('KLUv/SATmQAAdGV4dCxsYWJlbApoZWxsbyx4Cg==', 'base64');

test('gzip, also of several members, gives what was packed', async () => {
  const out = join(folder, 'a');
  await unpack(memorySource('a.gz', Buffer.concat([gzipSync(text), gzipSync('more\n')])), 'gzip', out);
  expect(readFileSync(out, 'utf8')).toBe(`${text}more\n`);
});

test('zstd, also of several frames, gives what was packed', async () => {
  const out = join(folder, 'b');
  await unpack(memorySource('b.zst', Buffer.concat([frame, frame])), 'zstd', out);
  expect(readFileSync(out, 'utf8')).toBe('text,label\nhello,x\n'.repeat(2));
});

describe('is refused:', () => {
  const refusal = (name: string, bytes: Uint8Array, alwaysBytes?: number) =>
    unpack(memorySource(name, bytes), name.endsWith('gz') ? 'gzip' : 'zstd', join(folder, 'c'), {
      ...(alwaysBytes !== undefined && { alwaysBytes }),
    });

  test('a bomb, before it has filled the disk', async () => {
    const bomb = gzipSync(Buffer.alloc(50 * 2 ** 20));
    await expect(refusal('a.gz', bomb, 2 ** 20)).rejects.toThrow(/expected at most \d+ bytes when unpacked/);
  });

  test('a file that is cut short, or none', async () => {
    await expect(refusal('a.gz', gzipSync(text).subarray(0, 500))).rejects.toThrow('expected a whole gzip file');
    await expect(refusal('a.gz', Buffer.from('text'))).rejects.toThrow('expected a whole gzip file');
    await expect(refusal('a.zst', frame.subarray(0, 15))).rejects.toThrow('expected a whole zstd file');
    await expect(refusal('a.zst', Buffer.from('text,label\nnothing of it\n'))).rejects.toThrow('no zstd frame');
  });

  test('zstd that asks for a huge window', async () => {
    const greedy = Buffer.from(frame);
    greedy[4] = 0x00;
    greedy[5] = 0xff;
    await expect(refusal('a.zst', greedy)).rejects.toThrow('it asks for a window of');
  });
});
